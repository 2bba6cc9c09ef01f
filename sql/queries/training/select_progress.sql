SELECT
    (SELECT coalesce(sum(deliveries), 0)::bigint FROM idh.delivery_outcome) AS found,
    (
        SELECT coalesce(sum(deliveries), 0)::bigint FROM idh.delivery_outcome WHERE state IN ('ingested', 'unchanged')
    ) AS ingested,
    (SELECT coalesce(sum(deliveries), 0)::bigint FROM idh.delivery_outcome WHERE state = 'quarantined') AS quarantined,
    (SELECT count(*) FROM idh.case_link WHERE chosen) AS linked,
    (SELECT count(DISTINCT study_id) FROM idh.patch) AS preprocessed,
    (SELECT count(*) FROM idh.fold_result) AS folds,
    (SELECT count(*) FROM idh.prediction) AS predictions
