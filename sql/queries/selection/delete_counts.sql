DELETE FROM idh.exclusion_count WHERE source = :source
