-- What the latest retrieves of an archive took, per file.
SELECT count(*) AS studies, sum(seconds) / nullif(sum(files), 0) AS seconds, sum(bytes) / nullif(sum(files), 0) AS bytes
FROM (
    SELECT i.seconds, i.files, i.bytes
    FROM phi.inbox AS i
    WHERE i.source = :source AND i.files > 0
    ORDER BY i.finished_at DESC LIMIT 500
) AS latest
