-- How many of these studies have an outcome already.
SELECT count(DISTINCT locator) AS known
FROM phi.inbox
WHERE source = :source AND locator = ANY(CAST(:study_uids AS text[]))
    AND state IN ('ingested', 'unchanged', 'quarantined')
