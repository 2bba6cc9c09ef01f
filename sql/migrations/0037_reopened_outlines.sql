-- The question about an outline stays open when its answer is taken back, unless a later outline is asked about or used:
-- one that was withdrawn is not, and one that was submitted again counts from then on.
CREATE FUNCTION idh.outline_is_superseded(answered idh.review) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM idh.review AS later
        WHERE later.kind = 'automatic_roi' AND later.subject = answered.subject AND NOT later.moot
            AND coalesce(later.reopened_at, later.opened_at) > coalesce(answered.reopened_at, answered.opened_at)
            AND NOT coalesce((
                SELECT s.withdrawn_at IS NOT NULL FROM idh.submitted_outline AS s
                WHERE s.study_id = later.subject AND s.sha256 = later.evidence
                ORDER BY s.submission_id DESC
                LIMIT 1
            ), false)
    )
$$;
COMMENT ON FUNCTION idh.outline_is_superseded IS
'Whether another outline of the study was asked about after this question, and not withdrawn.';

-- As in 0028, except for the above.
CREATE OR REPLACE FUNCTION idh.reopen_review(wanted text, operator text, why text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    answered idh.review;
BEGIN
    PERFORM pg_advisory_xact_lock(4711003);  -- as links/lock_linkage
    SELECT * INTO answered FROM idh.review AS v WHERE v.review_id = wanted AND v.answer IS NOT NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE idh.review
    SET answer = NULL, answered_by = NULL, answered_at = NULL, asked_at = NULL, reopened_at = now(),
        -- Another outline or another state of the series has been asked about since.
        moot = moot OR CASE kind WHEN 'automatic_roi' THEN idh.outline_is_superseded(answered) ELSE
            kind = 'series_name' AND EXISTS (
                SELECT FROM idh.review AS later
                WHERE later.kind = answered.kind AND later.subject = answered.subject
                    AND later.opened_at > answered.opened_at
            )
        END
    WHERE review_id = wanted;
    -- Patients who were merged by this answer are two persons again, unless the registry has said something since.
    INSERT INTO idh.merge_event (event_id, prior_key, surviving_key, undone, effective_at, source)
    SELECT
        m.event_id || ' taken back', m.prior_key, m.surviving_key, true,
        greatest(now(), m.effective_at + interval '1 microsecond'), 'review'
    FROM (
        SELECT DISTINCT ON (e.prior_key) e.*
        FROM idh.merge_event AS e
        WHERE e.prior_key = answered.subject
        ORDER BY e.prior_key, e.effective_at DESC, e.event_id DESC
    ) AS m
    WHERE answered.kind = 'near_miss' AND answered.answer = 'same person'
        AND m.source = 'review' AND NOT m.undone AND m.surviving_key = answered.evidence;
    -- Patches that were cut with this outline wait for the next answer; frozen datasets still read the object.
    UPDATE idh.patch
    SET code = 'W_ROI_PROPOSED', reason = 'the answer that accepted the outline was taken back'
    WHERE answered.kind = 'automatic_roi' AND answered.answer = 'accept' AND study_id = answered.subject
        AND code IS NULL AND origin ->> 'outline_sha256' = answered.evidence;
    -- The series is named again as the platform had concluded, unless it has got another name since.
    IF answered.kind = 'series_name' THEN
        PERFORM idh.name_series(
            answered.detail ->> 'study', answered.subject,
            answered.answer, concat(answered.detail ->> 'evidence', '; a reviewer named it ', answered.answer),
            answered.detail ->> 'concluded', answered.detail ->> 'confidence', answered.detail ->> 'evidence'
        );
    END IF;
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (
        operator, 'reopened', wanted,
        jsonb_build_object('kind', answered.kind, 'answer', answered.answer, 'answered_by', answered.answered_by, 'why', why)
    );
    RETURN answered.answer;
END
$$;
