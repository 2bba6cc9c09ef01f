-- What has used a study so far: documents, predictions and datasets.
SELECT
    ARRAY(
        SELECT d.document_id FROM idh.document AS d WHERE d.study_id = :study_id ORDER BY d.created_at, d.document_id
    ) AS documents,
    (SELECT count(*) FROM idh.prediction AS p WHERE p.study_id = :study_id) AS predictions,
    ARRAY(
        SELECT DISTINCT m.dataset_id
        FROM idh.dataset_member AS m
        JOIN idh.patch AS p USING (patch_id)
        WHERE p.study_id = :study_id
        ORDER BY m.dataset_id
    ) AS datasets
