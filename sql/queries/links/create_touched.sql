-- What is due, as it was noted: what is noted again from now on stays due.
CREATE TEMPORARY TABLE noted_patient ON COMMIT DROP AS
SELECT w.item AS patient_key, w.noted FROM idh.due_work AS w WHERE w.stage = 'link';
-- The patients whose links and questions are derived: those given, or those noted, or all; and everyone who is, was or
-- could become one person with them, who has versions of the same report, or with whom a question compares them.
CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
WITH RECURSIVE kin AS (
    SELECT unnest(CAST(:patients AS text[])) AS patient_key
    UNION
    SELECT n.patient_key FROM noted_patient AS n WHERE CAST(:patients AS text[]) IS NULL AND NOT CAST(:everyone AS boolean)
    UNION
    SELECT n.patient_key
    FROM kin AS k
    CROSS JOIN LATERAL (
        SELECT e.surviving_key AS patient_key FROM idh.merge_event AS e WHERE e.prior_key = k.patient_key
        UNION ALL
        SELECT e.prior_key FROM idh.merge_event AS e WHERE e.surviving_key = k.patient_key
        UNION ALL
        SELECT x.person_key FROM idh.person AS x WHERE x.patient_key = k.patient_key
        UNION ALL
        SELECT x.patient_key FROM idh.person AS x WHERE x.person_key = k.patient_key
        UNION ALL
        SELECT o.patient_key
        FROM idh.report AS r
        JOIN idh.report AS o ON o.report_key = r.report_key
        WHERE r.patient_key = k.patient_key
        UNION ALL
        SELECT v.subject FROM idh.review AS v WHERE v.kind = 'near_miss' AND v.evidence = k.patient_key
        UNION ALL
        SELECT r.patient_key
        FROM phi.patient_identity AS b
        JOIN phi.report_source AS s
            ON s.birth_date = b.birth_date
            AND ltrim(regexp_replace(s.patient_id, '\D', '', 'g'), '0') = ltrim(regexp_replace(b.identifier, '\D', '', 'g'), '0')
        JOIN idh.report AS r ON r.report_key = s.report_key AND r.version = s.version
        WHERE b.patient_key = k.patient_key
    ) AS n
)
SELECT p.patient_key
FROM kin AS k
JOIN idh.patient AS p ON p.patient_key = k.patient_key
UNION ALL
SELECT p.patient_key FROM idh.patient AS p WHERE CAST(:everyone AS boolean);
CREATE UNIQUE INDEX ON touched (patient_key);
ANALYZE touched
