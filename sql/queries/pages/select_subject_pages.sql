-- What the subjects of audit events are, and the study or the training run on whose page each of them is; for what is
-- still held, also its code.
SELECT t.study_id AS subject, 'study' AS kind, t.study_id AS place, NULL AS code
FROM idh.study AS t
WHERE t.study_id = ANY(CAST(:subjects AS text[]))
UNION ALL
SELECT r.run_id, 'training run', r.run_id, NULL FROM idh.training_run AS r WHERE r.run_id = ANY(CAST(:subjects AS text[]))
UNION ALL
SELECT m.model_id, 'model', m.run_id, NULL FROM idh.model AS m WHERE m.model_id = ANY(CAST(:subjects AS text[]))
UNION ALL
SELECT d.document_id, 'document', d.study_id, NULL
FROM idh.document AS d
WHERE d.document_id = ANY(CAST(:subjects AS text[]))
UNION ALL
SELECT DISTINCT ON (q.subject) q.subject, q.scope, coalesce(q.study_id, ''), CASE WHEN q.readmitted_at IS NULL THEN q.code END
FROM idh.quarantine AS q
WHERE q.subject = ANY(CAST(:subjects AS text[]))
UNION ALL
SELECT v.review_id, 'question', coalesce(t.study_id, ''), NULL
FROM idh.review AS v
LEFT JOIN idh.study AS t ON t.study_id = v.subject
WHERE v.review_id = ANY(CAST(:subjects AS text[]))
