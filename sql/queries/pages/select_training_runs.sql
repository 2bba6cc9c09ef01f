-- Training runs, the latest first, with the size of their largest cohort and what was trained.
SELECT
    t.run_id, t.created_at, t.state, t.report_key IS NOT NULL AS has_report, t.code_version, t.settings,
    (SELECT max(r.n) FROM idh.sequence_result AS r WHERE r.run_id = t.run_id) AS patients,
    (SELECT max(r.mutants) FROM idh.sequence_result AS r WHERE r.run_id = t.run_id) AS mutants,
    ARRAY(SELECT m.sequence FROM idh.model AS m WHERE m.run_id = t.run_id ORDER BY m.sequence) AS trained,
    ARRAY(
        SELECT m.sequence FROM idh.model AS m WHERE m.run_id = t.run_id AND m.state = 'champion' ORDER BY m.sequence
    ) AS champions
FROM idh.training_run AS t
WHERE t.run_id = coalesce(:run_id, t.run_id)
ORDER BY t.created_at DESC, t.run_id
LIMIT :most OFFSET :start
