SELECT pg_advisory_xact_lock(hashtextextended(:study_id, 0))
