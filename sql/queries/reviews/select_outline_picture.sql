-- The picture of the latest outline that was proposed for a study and neither rejected nor withdrawn.
SELECT v.detail ->> 'picture' AS object_key
FROM idh.standing_outline(:study_id) AS v
WHERE v.review_id IS NOT NULL
