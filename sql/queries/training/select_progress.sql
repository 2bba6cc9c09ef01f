SELECT
    (SELECT count(*) FROM phi.inbox) AS found,
    (SELECT count(*) FROM phi.inbox WHERE state IN ('ingested', 'unchanged')) AS ingested,
    (SELECT count(*) FROM phi.inbox WHERE state = 'quarantined') AS quarantined,
    (SELECT count(*) FROM idh.case_link WHERE chosen) AS linked,
    (SELECT count(DISTINCT study_id) FROM idh.patch) AS preprocessed,
    (SELECT count(*) FROM idh.fold_result) AS folds,
    (SELECT count(*) FROM idh.prediction) AS predictions
