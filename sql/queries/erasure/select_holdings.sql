-- How many rows are stored about a person, by kind.
WITH study AS (
    SELECT t.study_id FROM idh.study AS t WHERE t.patient_key = ANY(CAST(:keys AS text[]))
)
SELECT * FROM (
    SELECT 'studies' AS holding, count(*) AS rows FROM study
    UNION ALL
    SELECT 'series', count(*) FROM idh.series JOIN study USING (study_id)
    UNION ALL
    SELECT 'patches', count(*) FROM idh.patch JOIN study USING (study_id)
    UNION ALL
    SELECT 'predictions', count(*) FROM idh.prediction JOIN study USING (study_id)
    UNION ALL
    SELECT 'documents', count(*) FROM idh.document JOIN study USING (study_id)
    UNION ALL
    SELECT 'reports', count(*) FROM idh.report WHERE patient_key = ANY(CAST(:keys AS text[]))
    UNION ALL
    SELECT 'places in datasets', count(*) FROM idh.dataset_member WHERE patient_key = ANY(CAST(:keys AS text[]))
    UNION ALL
    SELECT 'places in folds', count(*) FROM idh.held_out_patient WHERE patient_key = ANY(CAST(:keys AS text[]))
    UNION ALL
    SELECT 'pairs with the same image', count(*)
    FROM idh.twin_pair
    WHERE patient_key = ANY(CAST(:keys AS text[])) OR other_key = ANY(CAST(:keys AS text[]))
    UNION ALL
    SELECT 'decisions on the locked set', count(*) FROM idh.locked_decision WHERE patient_key = ANY(CAST(:keys AS text[]))
    UNION ALL
    SELECT 'held-out scores', count(*) FROM idh.held_out_score WHERE patient_key = ANY(CAST(:keys AS text[]))
    UNION ALL
    SELECT 'scores in the locked set', count(*) FROM idh.locked_score WHERE patient_key = ANY(CAST(:keys AS text[]))
    UNION ALL
    SELECT 'deliveries (the hospital''s own, not ours to erase)', count(*) FROM phi.inbox JOIN study USING (study_id)
) AS held
WHERE rows > 0
