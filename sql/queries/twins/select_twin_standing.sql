SELECT
    count(*) FILTER (WHERE p.apart_by IS NULL) > 0 AS reported,
    count(*) FILTER (WHERE p.apart_by IS NOT NULL AND v.answer IS DISTINCT FROM :answer) > 0 AS taken_back
FROM idh.twin_pair AS p
LEFT JOIN idh.review AS v ON v.review_id = p.apart_by
WHERE p.run_id = :run_id
