WITH back AS (
    UPDATE phi.study_identity SET missing_since = NULL
    WHERE study_instance_uid = ANY(CAST(:study_uids AS text[])) AND missing_since IS NOT NULL
    RETURNING study_id
)
UPDATE idh.quarantine AS q SET readmitted_at = now()
FROM back WHERE q.subject = back.study_id AND q.code = 'W_NOT_LISTED'
