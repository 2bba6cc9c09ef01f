-- Every question about touched persons that arises from the current reports, links and merges, without any patient identifier.
-- It reads the temporary tables of links/create_touched, create_report_now, create_conflict_now and create_wanted_links.
CREATE TEMPORARY TABLE candidate_review ON COMMIT DROP AS
WITH imaged AS (
    SELECT DISTINCT o.person_key
    FROM touched
    JOIN idh.study AS t USING (patient_key)
    JOIN idh.person_of AS o USING (patient_key)
),
orphan AS (
    SELECT r.report_key, r.patient_key, r.person_key, r.birth_date, r.sex, s.issuer, s.patient_id
    FROM report_now AS r
    JOIN phi.report_source AS s ON s.report_key = r.report_key AND s.version = r.version
    WHERE r.report_status = 'final' AND r.idh_status <> 'indeterminate'
        AND r.person_key NOT IN (SELECT i.person_key FROM imaged AS i)
)
SELECT
    'unclear_result' AS kind, r.report_key AS subject, r.version::text AS evidence, r.person_key,
    (
        SELECT jsonb_build_object('assays', jsonb_agg(
            jsonb_build_object('method', a.method, 'read as', a.result, 'words', a.words) ORDER BY a.method, a.number
        ))
        FROM idh.assay AS a
        WHERE a.report_key = r.report_key AND a.version = r.version
    ) AS detail,
    ARRAY['mutant', 'wildtype', 'exclude'] AS options
FROM report_now AS r
JOIN imaged AS i USING (person_key)
WHERE r.report_status = 'final' AND r.unclear
UNION ALL
SELECT
    'unclear_diagnosis', r.report_key, r.version::text, r.person_key,
    jsonb_build_object('status', r.idh_status, 'rule', r.rule),
    ARRAY['glioblastoma', 'other tumour']
FROM report_now AS r
JOIN imaged AS i USING (person_key)
WHERE r.report_status = 'final' AND r.diagnosis_unclear
UNION ALL
(SELECT DISTINCT ON (r.report_key)
    'report_versions', r.report_key, array_to_string(s.versions, ' '), r.person_key, s.detail, s.options
FROM report_now AS r
JOIN imaged AS i USING (person_key)
JOIN idh.report_standing AS s ON s.report_key = r.report_key
WHERE r.contested
ORDER BY r.report_key, r.person_key)
UNION ALL
SELECT
    'label_conflict', c.person_key, c.evidence, c.person_key,
    jsonb_build_object('reports', jsonb_agg(
        jsonb_build_object('report', r.report_key, 'status', r.idh_status, 'rule', r.rule) ORDER BY r.report_key
    )),
    ARRAY['mutant', 'wildtype', 'exclude']
FROM conflict_now AS c
JOIN imaged AS i USING (person_key)
JOIN report_now AS r USING (person_key)
WHERE c.answer IS NULL AND r.report_status = 'final' AND NOT r.contested AND NOT r.excluded
GROUP BY c.person_key, c.evidence
UNION ALL
SELECT
    'several_studies', w.patient_key, string_agg(DISTINCT w.study_id, ' ' ORDER BY w.study_id), w.patient_key,
    jsonb_build_object('studies', array_agg(DISTINCT w.study_id), 'days before surgery', max(w.days_before_surgery)),
    array_agg(DISTINCT w.study_id) || 'exclude'::text
FROM wanted_link AS w
WHERE w.code = 'W_AMBIGUOUS'
GROUP BY w.patient_key
UNION ALL
(SELECT DISTINCT ON (o.patient_key, b.patient_key)
    'near_miss', o.patient_key, b.patient_key, q.person_key,
    jsonb_build_object(
        'report', o.report_key,
        'agree', 'digits of the identifier, birth date, sex',
        'differ', CASE WHEN b.issuer <> o.issuer THEN 'issuer' ELSE 'way the identifier is written' END
    ),
    ARRAY['same person', 'different persons']
FROM orphan AS o
JOIN phi.patient_identity AS b ON b.birth_date = o.birth_date AND b.patient_key <> o.patient_key
JOIN idh.person_of AS q ON q.patient_key = b.patient_key AND q.person_key <> o.person_key
WHERE coalesce(q.sex = o.sex, true)
    AND ltrim(regexp_replace(b.identifier, '\D', '', 'g'), '0') = ltrim(regexp_replace(o.patient_id, '\D', '', 'g'), '0')
    AND regexp_replace(o.patient_id, '\D', '', 'g') ~ '[1-9]'
    AND EXISTS (SELECT 1 FROM idh.study AS t WHERE t.patient_key = b.patient_key)
ORDER BY o.patient_key, b.patient_key, o.report_key)
UNION ALL
SELECT
    'merge_mismatch', m.prior_key, m.surviving_key, m.surviving_key,
    jsonb_build_object('prior', m.prior_key, 'surviving', m.surviving_key, 'differ', 'birth date or sex'),
    ARRAY['merge', 'keep apart']
FROM (SELECT DISTINCT e.prior_key FROM touched AS t JOIN idh.merge_event AS e ON e.prior_key = t.patient_key) AS p
CROSS JOIN LATERAL (SELECT * FROM idh.latest_merge AS l WHERE l.prior_key = p.prior_key OFFSET 0) AS m
WHERE NOT m.undone AND m.mismatch
