-- A disagreement belongs to one prediction: that of a network for a patch. It used to stand beside every later patch too.
ALTER TABLE idh.disagreement ADD COLUMN patch_id text REFERENCES idh.patch;
UPDATE idh.disagreement AS d
SET patch_id = (
    SELECT p.patch_id FROM idh.prediction AS p
    WHERE p.study_id = d.study_id AND p.sequence = d.sequence AND p.model_id = d.model_id
    ORDER BY p.created_at <= d.stated_at DESC, p.created_at DESC
    LIMIT 1
);
ALTER TABLE idh.disagreement ALTER COLUMN patch_id SET NOT NULL;

DROP FUNCTION idh.disagree(text, text, text, text, text);
CREATE FUNCTION idh.disagree(wanted text, with_patch text, with_model text, why text, operator text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    judged idh.prediction;
BEGIN
    SELECT * INTO judged FROM idh.prediction AS p
    WHERE p.study_id = wanted AND p.patch_id = with_patch AND p.model_id = with_model;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO idh.disagreement (study_id, sequence, patch_id, model_id, comment, reader)
    VALUES (wanted, judged.sequence, with_patch, with_model, why, operator);
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (
        operator, 'disagreed', wanted,
        jsonb_build_object('sequence', judged.sequence, 'patch', with_patch, 'model', with_model, 'comment', why)
    );
    RETURN true;
END
$$;
COMMENT ON FUNCTION idh.disagree IS 'Records a reader who disagrees with a prediction; false if there is none.';
REVOKE EXECUTE ON FUNCTION idh.disagree(text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION idh.disagree(text, text, text, text, text) TO idh_pages;

-- What a person sees and downloads is an outline that may still be used: not one that was rejected or withdrawn.
CREATE FUNCTION idh.standing_outline(wanted text) RETURNS idh.review
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT v FROM idh.review AS v
    WHERE v.kind = 'automatic_roi' AND v.subject = wanted AND NOT v.moot AND v.answer IS DISTINCT FROM 'reject'
        AND NOT coalesce((
            SELECT s.withdrawn_at IS NOT NULL FROM idh.submitted_outline AS s
            WHERE s.study_id = wanted AND s.sha256 = v.evidence
            ORDER BY s.submission_id DESC
            LIMIT 1
        ), false)
    ORDER BY coalesce(v.reopened_at, v.opened_at) DESC, v.review_id DESC
    LIMIT 1
$$;
COMMENT ON FUNCTION idh.standing_outline IS
'The latest question about an outline of a study that was neither rejected nor withdrawn, or NULL.';

CREATE OR REPLACE FUNCTION idh.download_outline(wanted text, operator text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    standing idh.review := idh.standing_outline(wanted);
    latest text;
BEGIN
    SELECT o.sha256 INTO latest
    FROM (
        SELECT standing.evidence AS sha256, coalesce(standing.reopened_at, standing.opened_at) AS made_at
        UNION ALL
        SELECT p.origin ->> 'outline_sha256', p.created_at
        FROM idh.patch AS p WHERE p.study_id = wanted AND p.code IS NULL
    ) AS o
    WHERE o.sha256 IS NOT NULL
    ORDER BY o.made_at DESC
    LIMIT 1;
    IF latest IS NOT NULL THEN
        INSERT INTO idh.audit_event (actor, action, subject, detail)
        VALUES (operator, 'images downloaded', wanted, jsonb_build_object('outline', latest));
    END IF;
    RETURN latest;
END
$$;
