-- What reviewers decide: they name series, and may take an answer back with all that followed from it.

ALTER TABLE idh.review DROP CONSTRAINT review_kind_check;
ALTER TABLE idh.review ADD CONSTRAINT review_kind_check CHECK (kind IN (
    'unclear_result', 'unclear_diagnosis', 'report_versions', 'label_conflict', 'several_studies', 'near_miss',
    'merge_mismatch', 'automatic_roi', 'series_name'
));

CREATE FUNCTION idh.new_revision(wanted_study text, cause text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    present idh.study;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted_study, 0));  -- as studies/lock_study: ingest holds it
    SELECT * INTO STRICT present FROM idh.study AS t WHERE t.study_id = wanted_study FOR UPDATE;
    UPDATE idh.study
    SET revision = present.revision + 1,
        content_hash = left(encode(sha256(convert_to(
            concat_ws(' ', present.content_hash, present.revision, cause), 'UTF8'
        )), 'hex'), 24)
    WHERE study_id = wanted_study;
    INSERT INTO idh.series (
        study_id, revision, series_id, sequence, confidence, evidence, object_key, sha256, instances,
        code, reason, axial, voxel_mm3, coverage_mm, contrast
    )
    SELECT
        s.study_id, present.revision + 1, s.series_id, s.sequence, s.confidence, s.evidence, s.object_key, s.sha256,
        s.instances, s.code, s.reason, s.axial, s.voxel_mm3, s.coverage_mm, s.contrast
    FROM idh.series AS s
    WHERE s.study_id = wanted_study AND s.revision = present.revision;
    RETURN present.revision + 1;
END
$$;
COMMENT ON FUNCTION idh.new_revision IS
'Makes a revision of a study with the same series, so that its patches are cut again; returns its number.';
REVOKE EXECUTE ON FUNCTION idh.new_revision(text, text) FROM PUBLIC;

CREATE FUNCTION idh.name_series(
    wanted_study text, wanted_series text, present_sequence text, present_evidence text,
    new_sequence text, new_confidence text, new_evidence text
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted_study, 0));  -- as studies/lock_study
    PERFORM FROM idh.study AS t
    JOIN idh.series AS s ON s.study_id = t.study_id AND s.revision = t.revision
    WHERE t.study_id = wanted_study AND s.series_id = wanted_series
        AND s.sequence = present_sequence AND s.evidence = present_evidence;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    made := idh.new_revision(wanted_study, concat_ws(' ', wanted_series, new_sequence));
    UPDATE idh.series AS s
    SET sequence = new_sequence, confidence = new_confidence, evidence = new_evidence
    WHERE s.study_id = wanted_study AND s.revision = made AND s.series_id = wanted_series;
    RETURN true;
END
$$;
COMMENT ON FUNCTION idh.name_series IS
'Makes a revision of a study in which one series has another identification; false if it is not the expected one now.';
REVOKE EXECUTE ON FUNCTION idh.name_series(text, text, text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION idh.name_series(text, text, text, text, text, text, text) TO idh_link;

ALTER TABLE idh.review ADD COLUMN reopened_at timestamptz;
COMMENT ON COLUMN idh.review.reopened_at IS 'When an answer was taken back last; the audit log has the answer and why.';
-- A patch whose outline is no longer accepted keeps its object for the datasets that were frozen with it.
ALTER TABLE idh.patch DROP CONSTRAINT patch_check;
ALTER TABLE idh.patch ADD CONSTRAINT patch_check
CHECK ((code IS NULL) = (object_key IS NOT NULL) OR (code = 'W_ROI_PROPOSED' AND object_key IS NOT NULL));
CREATE INDEX review_answered ON idh.review (answered_at DESC) WHERE answer IS NOT NULL;

CREATE FUNCTION idh.is_superseded(answered idh.review) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT answered.kind IN ('automatic_roi', 'series_name') AND EXISTS (
        SELECT FROM idh.review AS later
        WHERE later.kind = answered.kind AND later.subject = answered.subject AND later.opened_at > answered.opened_at
    )
$$;
COMMENT ON FUNCTION idh.is_superseded IS
'Whether another outline or another state of the series has been asked about after this question.';

CREATE FUNCTION idh.reopen_review(wanted text, operator text, why text) RETURNS text
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
        moot = moot OR idh.is_superseded(answered)
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
COMMENT ON FUNCTION idh.reopen_review IS
'Takes the answer to a question back and returns it; NULL if the question has none.';
REVOKE EXECUTE ON FUNCTION idh.reopen_review(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION idh.reopen_review(text, text, text) TO idh_pages;

-- As in 0003, and members whose outline is no longer accepted.
CREATE OR REPLACE VIEW idh.affected_member AS
SELECT m.dataset_id, m.sequence, m.patient_key, m.patch_id, m.report_key, m.report_version, m.mutant, f.code
FROM idh.dataset_member AS m
JOIN idh.patch AS p ON p.patch_id = m.patch_id
JOIN idh.study AS t ON t.study_id = p.study_id
JOIN idh.person_of AS o ON o.patient_key = t.patient_key
LEFT JOIN idh.case_link AS l ON l.patient_key = o.person_key AND l.chosen
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN o.person_key <> m.patient_key THEN 'W_PERSON_CHANGED'
        WHEN l.study_id IS NULL OR l.idh_status = 'indeterminate' THEN 'W_LABEL_WITHDRAWN'
        WHEN (l.idh_status = 'mutant') <> m.mutant THEN 'W_LABEL_CHANGED'
        WHEN l.study_id <> t.study_id THEN 'W_STUDY_CHANGED'
        WHEN p.code = 'W_ROI_PROPOSED' THEN 'W_OUTLINE_WITHDRAWN'
    END AS code
) AS f
WHERE f.code IS NOT NULL;

-- What the reports of a question state, for a pathology reader; each report that is read is an audit event.
DROP FUNCTION phi.read_report(text, text);
CREATE FUNCTION phi.read_question(wanted text, reader text)
RETURNS TABLE (report_key text, version bigint, stated jsonb)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH read AS (
        SELECT s.report_key, s.version, s.reported
        FROM idh.review AS v
        JOIN phi.report_source AS s ON CASE v.kind
            WHEN 'label_conflict' THEN s.report_key IN (
                SELECT r.value ->> 'report' FROM jsonb_array_elements(v.detail -> 'reports') AS r
            ) AND s.version = (
                SELECT c.version FROM phi.current_report AS c WHERE c.report_key = s.report_key LIMIT 1
            )
            ELSE v.kind IN ('unclear_result', 'unclear_diagnosis', 'report_versions')
                AND s.report_key = v.subject AND s.version::text = ANY(string_to_array(v.evidence, ' '))
        END
        WHERE v.review_id = wanted
    ),
    recorded AS (
        INSERT INTO idh.audit_event (actor, action, subject, detail)
        SELECT DISTINCT reader, 'report read', r.report_key, jsonb_build_object('question', wanted) FROM read AS r
    )
    SELECT r.report_key, r.version, (
        SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(r.reported) AS e
        WHERE e.key IN ('report_id', 'status', 'diagnosis', 'diagnosis_codes', 'specimen', 'assays')
    )
    FROM read AS r
    ORDER BY r.report_key, r.version
$$;
COMMENT ON FUNCTION phi.read_question IS
'What the reports of a question state, without the fields that identify the patient; each report read is audited.';
REVOKE EXECUTE ON FUNCTION phi.read_question(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phi.read_question(text, text) TO idh_pages;

-- A study whose images are not fit for use is out of the cohort until it is taken in again; all of it is kept.
CREATE TABLE idh.study_exclusion (
    exclusion_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    study_id text NOT NULL REFERENCES idh.study,
    fault text NOT NULL CHECK (fault IN ('motion', 'artefact', 'coverage', 'other')),
    reason text NOT NULL,
    excluded_by text NOT NULL,
    excluded_at timestamptz NOT NULL DEFAULT now(),
    ended_reason text,
    ended_by text,
    ended_at timestamptz,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (ended_reason IS NULL))
);
COMMENT ON TABLE idh.study_exclusion IS 'Studies that a reviewer excluded for motion or other faults of the images.';
CREATE UNIQUE INDEX study_excluded ON idh.study_exclusion (study_id) WHERE ended_at IS NULL;
CREATE INDEX study_exclusion_study ON idh.study_exclusion (study_id);

CREATE FUNCTION idh.exclude_study(wanted text, image_fault text, why text, operator text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO idh.study_exclusion (study_id, fault, reason, excluded_by)
    SELECT t.study_id, image_fault, why, operator FROM idh.study AS t WHERE t.study_id = wanted
    ON CONFLICT (study_id) WHERE ended_at IS NULL DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (operator, 'study excluded', wanted, jsonb_build_object('fault', image_fault, 'why', why));
    RETURN true;
END
$$;
COMMENT ON FUNCTION idh.exclude_study IS 'Excludes a study; false if there is none, or it is excluded already.';

CREATE FUNCTION idh.take_in_study(wanted text, why text, operator text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE idh.study_exclusion SET ended_reason = why, ended_by = operator, ended_at = now()
    WHERE study_id = wanted AND ended_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (operator, 'study taken in', wanted, jsonb_build_object('why', why));
    RETURN true;
END
$$;
COMMENT ON FUNCTION idh.take_in_study IS 'Ends the exclusion of a study; false if it is not excluded.';

-- A reader who disagrees with a prediction says so beside it; the prediction stays as it is.
CREATE TABLE idh.disagreement (
    disagreement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    study_id text NOT NULL REFERENCES idh.study,
    sequence text NOT NULL,
    model_id text NOT NULL REFERENCES idh.model,
    comment text NOT NULL,
    reader text NOT NULL,
    stated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE idh.disagreement IS 'Readers who disagree with a prediction, and why; for the prospective record.';
CREATE INDEX disagreement_study ON idh.disagreement (study_id);

CREATE FUNCTION idh.disagree(wanted text, with_sequence text, with_model text, why text, operator text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO idh.disagreement (study_id, sequence, model_id, comment, reader)
    SELECT p.study_id, p.sequence, p.model_id, why, operator
    FROM idh.prediction AS p
    WHERE p.study_id = wanted AND p.sequence = with_sequence AND p.model_id = with_model
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (
        operator, 'disagreed', wanted,
        jsonb_build_object('sequence', with_sequence, 'model', with_model, 'comment', why)
    );
    RETURN true;
END
$$;
COMMENT ON FUNCTION idh.disagree IS 'Records a reader who disagrees with a prediction; false if there is none.';
REVOKE EXECUTE ON FUNCTION
    idh.exclude_study(text, text, text, text), idh.take_in_study(text, text, text),
    idh.disagree(text, text, text, text, text)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    idh.exclude_study(text, text, text, text), idh.take_in_study(text, text, text),
    idh.disagree(text, text, text, text, text)
TO idh_pages;
GRANT DELETE ON idh.study_exclusion, idh.disagreement TO idh_erase;

-- A person corrects the outline of a study: the one submitted last replaces a proposed or delivered one.
CREATE TABLE idh.submitted_outline (
    submission_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    study_id text NOT NULL REFERENCES idh.study,
    sha256 text NOT NULL,
    object_key text NOT NULL,
    submitted_by text NOT NULL,
    submitted_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE idh.submitted_outline IS 'Outlines that people submitted; the last of a study is used once accepted.';
CREATE INDEX submitted_outline_study ON idh.submitted_outline (study_id, submission_id DESC);

CREATE FUNCTION idh.submit_outline(wanted text, new_sha256 text, new_key text, operator text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- As studies/lock_study, and before any row: ingest takes the lock first as well.
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted, 0));
    PERFORM FROM idh.study AS t WHERE t.study_id = wanted;
    IF NOT FOUND OR new_sha256 = (
        SELECT s.sha256 FROM idh.submitted_outline AS s WHERE s.study_id = wanted ORDER BY s.submission_id DESC LIMIT 1
    ) THEN
        RETURN false;
    END IF;
    INSERT INTO idh.submitted_outline (study_id, sha256, object_key, submitted_by)
    VALUES (wanted, new_sha256, new_key, operator);
    -- An outline that was submitted before as well is asked about again: what was answered then does not count now.
    UPDATE idh.review
    SET moot = false, answer = NULL, answered_by = NULL, answered_at = NULL, asked_at = NULL, reopened_at = now()
    WHERE kind = 'automatic_roi' AND subject = wanted AND evidence = new_sha256;
    PERFORM idh.new_revision(wanted, new_sha256);
    INSERT INTO idh.audit_event (actor, action, subject, detail)
    VALUES (operator, 'outline submitted', wanted, jsonb_build_object('sha256', new_sha256));
    RETURN true;
END
$$;
COMMENT ON FUNCTION idh.submit_outline IS
'Records an outline that a person submitted; false if there is no such study, or it was the last one already.';

-- Images and outlines for a person who corrects an outline; each download is audited.
CREATE FUNCTION idh.download_series(wanted text, wanted_series text, operator text)
RETURNS TABLE (object_key text, sha256 text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT s.object_key, s.sha256
    FROM idh.study AS t
    JOIN idh.series AS s ON s.study_id = t.study_id AND s.revision = t.revision
    WHERE t.study_id = wanted AND s.series_id = wanted_series;
    IF FOUND THEN
        INSERT INTO idh.audit_event (actor, action, subject, detail)
        VALUES (operator, 'images downloaded', wanted, jsonb_build_object('series', wanted_series));
    END IF;
END
$$;
COMMENT ON FUNCTION idh.download_series IS 'Where a series of a study is stored; the audit log keeps who downloads it.';

CREATE FUNCTION idh.download_outline(wanted text, operator text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    latest text;
BEGIN
    SELECT o.sha256 INTO latest
    FROM (
        SELECT v.evidence AS sha256, coalesce(v.reopened_at, v.opened_at) AS made_at
        FROM idh.review AS v WHERE v.kind = 'automatic_roi' AND v.subject = wanted AND NOT v.moot
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
COMMENT ON FUNCTION idh.download_outline IS
'The hash of the outline that is in use or proposed last; the audit log keeps who downloads it.';
REVOKE EXECUTE ON FUNCTION
    idh.submit_outline(text, text, text, text), idh.download_series(text, text, text), idh.download_outline(text, text)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    idh.submit_outline(text, text, text, text), idh.download_series(text, text, text), idh.download_outline(text, text)
TO idh_pages;
GRANT DELETE ON idh.submitted_outline TO idh_erase;

-- A question that had become moot is asked when it arises again.
GRANT UPDATE (moot, asked_at, person_key) ON idh.review TO idh_preprocess;

-- Types are looked up in pg_temp first unless the path names it last: whoever may make temporary objects could take over.
DO $$
DECLARE
    function regprocedure;
BEGIN
    FOR function IN
        SELECT p.oid::regprocedure FROM pg_proc AS p
        WHERE p.pronamespace IN ('idh'::regnamespace, 'phi'::regnamespace) AND p.prosecdef
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, pg_temp', function);
    END LOOP;
END
$$;
