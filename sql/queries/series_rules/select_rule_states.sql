SELECT version, state, stated_by, stated_at, reason
FROM idh.series_rule_state
WHERE rule_id = :rule_id
ORDER BY version
