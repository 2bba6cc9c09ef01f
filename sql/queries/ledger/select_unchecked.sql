-- The known studies of an archive whose series have not been compared for the longest time.
SELECT s.study_id, s.study_instance_uid, s.series_digest
FROM phi.study_identity AS s
WHERE EXISTS (
    SELECT FROM phi.inbox AS i
    WHERE i.source = :source AND i.locator = s.study_instance_uid AND i.state IN ('ingested', 'unchanged')
)
ORDER BY s.series_checked_at NULLS FIRST, s.study_id
LIMIT :most
