-- All local rules in their present state, the latest first.
SELECT
    r.rule_id, r.protocol, r.doubt, r.sequence, r.tr, r.te, r.ti, r.proposed_by, r.state, r.version, r.manufacturer,
    r.proposed_at, r.stated_by, r.stated_at, r.reason,
    (SELECT v.review_id FROM idh.review AS v WHERE v.review_id = r.review_id) AS review_id,
    (
        SELECT count(*) FROM idh.series AS s
        JOIN idh.study AS t ON t.study_id = s.study_id AND t.revision = s.revision
        WHERE s.rule_id = r.rule_id
    ) AS series_named
FROM idh.present_series_rule AS r
WHERE r.rule_id = coalesce(CAST(:rule_id AS integer), r.rule_id)
ORDER BY r.rule_id DESC
