SELECT fault, reason, excluded_by, excluded_at, ended_reason, ended_by, ended_at
FROM idh.study_exclusion
WHERE study_id = :study_id
ORDER BY excluded_at DESC, exclusion_id DESC
LIMIT 50
