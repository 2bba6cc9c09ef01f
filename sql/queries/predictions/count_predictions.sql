SELECT count(*) AS predictions, count(DISTINCT p.study_id) AS studies, count(*) FILTER (WHERE NOT p.in_training) AS unseen
FROM idh.prediction AS p
JOIN idh.model AS m USING (model_id)
WHERE m.state = 'champion'
