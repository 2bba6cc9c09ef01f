-- Writes what has changed only: a night costs what is new.
WITH places AS MATERIALIZED (
    SELECT * FROM idh.cohort_places(:settings_hash)
),
gone AS (
    DELETE FROM idh.cohort_place AS k
    WHERE NOT EXISTS (SELECT FROM places AS p WHERE p.person_key = k.person_key)
),
counted AS (
    INSERT INTO idh.cohort_count (settings_hash) VALUES (:settings_hash)
    ON CONFLICT (settings_hash) DO UPDATE SET counted_at = now()
)
INSERT INTO idh.cohort_place AS k (person_key, study_id, stage, code, idh_status, sequences)
SELECT p.person_key, p.study_id, p.stage, p.code, p.idh_status, p.sequences FROM places AS p
ON CONFLICT (person_key) DO UPDATE SET
    study_id = excluded.study_id, stage = excluded.stage, code = excluded.code, idh_status = excluded.idh_status,
    sequences = excluded.sequences
WHERE (k.study_id, k.stage, k.code, k.idh_status, k.sequences)
    IS DISTINCT FROM (excluded.study_id, excluded.stage, excluded.code, excluded.idh_status, excluded.sequences)
