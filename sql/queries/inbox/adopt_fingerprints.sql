-- Before version 0042, the fingerprint of an archive's study was its number of instances. The latest delivery of a study
-- that still has as many, and that the archive lists under the patient on record, is known: it gets its fingerprint.
WITH given AS (
    SELECT locator, fingerprint, counted, patient
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS g (locator text, fingerprint text, counted text, patient text)
)
UPDATE phi.inbox AS i SET fingerprint = g.fingerprint
FROM given AS g
WHERE i.source = :source AND i.locator = g.locator AND i.fingerprint = g.counted
    AND NOT EXISTS (
        SELECT FROM phi.inbox AS o
        WHERE o.source = i.source AND o.locator = i.locator
            AND (o.fingerprint = g.fingerprint OR o.found_at > i.found_at)
    )
    AND NOT EXISTS (
        SELECT
        FROM phi.study_identity AS s
        JOIN idh.study AS t ON t.study_id = s.study_id
        JOIN phi.patient_identity AS p ON p.patient_key = t.patient_key
        WHERE s.study_instance_uid = g.locator AND g.patient <> '' AND p.identifier <> g.patient
    )
