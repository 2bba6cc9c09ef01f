UPDATE phi.study_identity SET missing_since = coalesce(missing_since, now())
WHERE study_instance_uid = ANY(CAST(:study_uids AS text[]))
RETURNING study_id
