-- One page of the persons of a group of the latest count; an empty value is met by all. The total is that of the kept
-- groups, so that the list and the numbers of the page agree.
SELECT
    k.person_key, k.study_id, t.ingested_at, k.stage, k.code, k.idh_status, k.sequences,
    (
        SELECT coalesce(sum(g.patients), 0)::bigint
        FROM idh.cohort_group AS g
        WHERE (:stage = '' OR g.stage = :stage)
            AND (CAST(:stages AS text[]) IS NULL OR g.stage = ANY(CAST(:stages AS text[])))
            AND (:code = '' OR g.code = :code)
            AND (:status = '' OR g.idh_status = :status)
            AND (:with_patch = '' OR (g.idh_status IS NOT NULL AND :with_patch = ANY(g.sequences)))
            AND (:without_patch = '' OR (g.idh_status IS NOT NULL AND :without_patch <> ALL(g.sequences)))
            AND (NOT CAST(:patched AS boolean) OR (g.idh_status IS NOT NULL AND cardinality(g.sequences) > 0))
    ) AS total
FROM (
    SELECT p.* FROM idh.cohort_place AS p
    WHERE (:stage = '' OR p.stage = :stage)
        AND (CAST(:stages AS text[]) IS NULL OR p.stage = ANY(CAST(:stages AS text[])))
        AND (:code = '' OR p.code = :code)
        AND (:status = '' OR p.idh_status = :status)
        AND (:with_patch = '' OR (p.idh_status IS NOT NULL AND :with_patch = ANY(p.sequences)))
        AND (:without_patch = '' OR (p.idh_status IS NOT NULL AND :without_patch <> ALL(p.sequences)))
        AND (NOT CAST(:patched AS boolean) OR (p.idh_status IS NOT NULL AND cardinality(p.sequences) > 0))
    ORDER BY p.person_key
    LIMIT :size OFFSET :start
) AS k
LEFT JOIN idh.study AS t ON t.study_id = k.study_id
ORDER BY k.person_key
