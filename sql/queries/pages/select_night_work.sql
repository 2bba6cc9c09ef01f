-- What each stage did since a time: only patches of the present revision, code and settings count as prepared.
SELECT
    (SELECT coalesce(sum(reports_new), 0)::bigint FROM idh.feed_night WHERE occurred_at > :since) AS reports,
    (
        SELECT count(*)
        FROM (
            SELECT DISTINCT p.study_id, p.revision FROM idh.patch AS p
            WHERE p.created_at > :since AND p.settings_hash = :settings_hash AND p.code IS NULL
        ) AS made
        JOIN idh.study AS t USING (study_id, revision)
    ) AS prepared
