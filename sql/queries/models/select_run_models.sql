-- The models of a run with their checks for leaks, beside the champion of their sequence.
SELECT
    m.model_id, m.run_id, m.sequence, m.state, m.sha256, r.checks,
    m.withdrawn_at IS NOT NULL AS withdrawn,
    c.model_id AS champion_id, c.run_id AS champion_run
FROM idh.model AS m
JOIN idh.sequence_result AS r ON r.run_id = m.run_id AND r.sequence = m.sequence
LEFT JOIN idh.model AS c ON c.sequence = m.sequence AND c.state = 'champion'
WHERE m.run_id = :run_id
ORDER BY m.sequence
