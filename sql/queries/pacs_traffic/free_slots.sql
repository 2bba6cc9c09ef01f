-- Frees the association that this session has taken; its end does so, too.
SELECT pg_advisory_unlock_all()
