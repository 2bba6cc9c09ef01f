INSERT INTO idh.exclusion_count (source, reason, studies)
SELECT source, reason, count(*) FROM idh.excluded_study WHERE source = :source GROUP BY source, reason
