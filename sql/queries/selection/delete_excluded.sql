-- Studies that are picked up after all.
DELETE FROM idh.excluded_study WHERE source = :source AND study_token = ANY(CAST(:tokens AS text[]))
