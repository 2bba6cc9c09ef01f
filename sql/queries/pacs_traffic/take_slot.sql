-- Takes one of the associations with the PACS for this session, if it is free.
SELECT pg_try_advisory_lock(:family, :slot) AS taken
