-- As in 0028, except that an outline that was withdrawn supersedes none, and one that was submitted again counts from then
-- on: its question stays open when its answer is taken back.
CREATE OR REPLACE FUNCTION idh.is_superseded(answered idh.review) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE answered.kind
        WHEN 'series_name' THEN EXISTS (
            SELECT FROM idh.review AS later
            WHERE later.kind = answered.kind AND later.subject = answered.subject
                AND later.opened_at > answered.opened_at
        )
        WHEN 'automatic_roi' THEN EXISTS (
            SELECT FROM idh.review AS later
            WHERE later.kind = answered.kind AND later.subject = answered.subject AND NOT later.moot
                AND coalesce(later.reopened_at, later.opened_at) > coalesce(answered.reopened_at, answered.opened_at)
                AND NOT coalesce((
                    SELECT s.withdrawn_at IS NOT NULL FROM idh.submitted_outline AS s
                    WHERE s.study_id = later.subject AND s.sha256 = later.evidence
                    ORDER BY s.submission_id DESC
                    LIMIT 1
                ), false)
        )
        ELSE false
    END
$$;
