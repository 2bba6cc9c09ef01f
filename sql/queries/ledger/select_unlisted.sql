-- Studies of a period that an archive listed at an earlier time and does not list in it now.
SELECT DISTINCT locator
FROM phi.inbox
WHERE source = :source AND position BETWEEN :since AND :until
    AND state IN ('ingested', 'unchanged', 'quarantined') AND locator <> ALL(CAST(:listed AS text[]))
ORDER BY locator
