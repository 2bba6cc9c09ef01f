-- The documents of the study, the latest first, with the outline of the patches that had been predicted before each.
SELECT
    d.document_id, d.supersedes, d.created_at, d.made_by, d.revision < t.revision AS of_earlier_revision,
    (
        SELECT c.origin ->> 'outline_sha256'
        FROM idh.prediction AS p
        JOIN idh.patch AS c ON c.patch_id = p.patch_id
        WHERE p.study_id = d.study_id AND c.revision = d.revision AND p.created_at <= d.created_at
        ORDER BY p.created_at DESC
        LIMIT 1
    ) AS outline_sha256
FROM idh.document AS d
JOIN idh.study AS t ON t.study_id = d.study_id
WHERE d.study_id = :study_id
ORDER BY d.created_at DESC
LIMIT 50
