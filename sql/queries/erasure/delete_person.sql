-- Everything under a person's keys. A trained model cannot forget them; such models are listed instead.
INSERT INTO idh.erasure (patient_key, erased_by)
SELECT unnest(CAST(:keys AS text[])), :erased_by
ON CONFLICT DO NOTHING;
DELETE FROM idh.prediction WHERE study_id = ANY(CAST(:studies AS text[]));
UPDATE idh.document SET supersedes = NULL WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.document WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.held_out_patient WHERE patient_key = ANY(CAST(:keys AS text[]));
DELETE FROM idh.locked_decision WHERE patient_key = ANY(CAST(:keys AS text[]));
DELETE FROM idh.twin_pair WHERE patient_key = ANY(CAST(:keys AS text[])) OR other_key = ANY(CAST(:keys AS text[]));
UPDATE idh.sequence_result AS r SET reason = 'patients have the same image; one of them has withdrawn since'
WHERE r.code = 'E_LEAKAGE' AND EXISTS (
    SELECT FROM unnest(CAST(:keys AS text[])) AS k (patient_key) WHERE strpos(r.reason, k.patient_key) > 0
);
DELETE FROM idh.held_out_score WHERE patient_key = ANY(CAST(:keys AS text[]));
DELETE FROM idh.locked_score WHERE patient_key = ANY(CAST(:keys AS text[]));
UPDATE idh.training_run AS r SET report_key = NULL
WHERE EXISTS (
    SELECT 1 FROM idh.dataset_member AS m
    WHERE m.dataset_id = r.dataset_id AND m.patient_key = ANY(CAST(:keys AS text[]))
);
DELETE FROM idh.dataset_pack AS k
WHERE EXISTS (
    SELECT 1 FROM idh.dataset_member AS m
    JOIN idh.patch AS p USING (patch_id)
    WHERE m.dataset_id = k.dataset_id AND m.sequence = k.sequence
        AND (m.patient_key = ANY(CAST(:keys AS text[])) OR p.study_id = ANY(CAST(:studies AS text[])))
);
-- What else such a shard holds is packed again when it is needed.
DELETE FROM idh.shard AS s
WHERE s.object_key IN (
    SELECT k.object_key
    FROM idh.packed_patch AS k
    JOIN idh.patch AS p USING (patch_id)
    WHERE p.study_id = ANY(CAST(:studies AS text[]))
        OR k.patch_id IN (SELECT m.patch_id FROM idh.dataset_member AS m WHERE m.patient_key = ANY(CAST(:keys AS text[])))
);
-- A study may have been in a dataset under the patient to whom it was wrongly assigned.
DELETE FROM idh.dataset_member AS m
WHERE m.patient_key = ANY(CAST(:keys AS text[]))
    OR m.patch_id IN (SELECT p.patch_id FROM idh.patch AS p WHERE p.study_id = ANY(CAST(:studies AS text[])));
DELETE FROM idh.cohort_place
WHERE person_key = ANY(CAST(:keys AS text[])) OR study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.case_link WHERE patient_key = ANY(CAST(:keys AS text[])) OR study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.review
WHERE person_key = ANY(CAST(:keys AS text[])) OR subject = ANY(CAST(:keys AS text[])) OR evidence = ANY(CAST(:keys AS text[]))
    OR subject IN (SELECT report_key FROM idh.report WHERE patient_key = ANY(CAST(:keys AS text[])))
    OR subject = ANY(CAST(:studies AS text[]))
    OR (kind = 'same_image' AND string_to_array(subject, ' ') && CAST(:keys AS text[]))
    OR subject IN (SELECT series_id FROM idh.series WHERE study_id = ANY(CAST(:studies AS text[])));
DELETE FROM idh.disagreement WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.study_exclusion WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.owner_doubt WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.owner_change
WHERE study_id = ANY(CAST(:studies AS text[])) OR prior_key = ANY(CAST(:keys AS text[]));
DELETE FROM idh.submitted_outline WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.study_view WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.qc_sheet WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.patch WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.study_header WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.series WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.instance WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.quarantine AS q
WHERE q.study_id = ANY(CAST(:studies AS text[]))
    OR q.subject IN (SELECT report_key FROM idh.report WHERE patient_key = ANY(CAST(:keys AS text[])))
    OR q.item_id IN (SELECT i.item_id FROM phi.inbox AS i WHERE i.study_id = ANY(CAST(:studies AS text[])));
DELETE FROM phi.inbox WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM phi.study_identity WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.study WHERE study_id = ANY(CAST(:studies AS text[]));
DELETE FROM idh.assay WHERE report_key IN (SELECT report_key FROM idh.report WHERE patient_key = ANY(CAST(:keys AS text[])));
DELETE FROM idh.report_standing
WHERE report_key IN (SELECT report_key FROM idh.report WHERE patient_key = ANY(CAST(:keys AS text[])));
DELETE FROM phi.report_source
WHERE report_key IN (SELECT report_key FROM idh.report WHERE patient_key = ANY(CAST(:keys AS text[])));
DELETE FROM idh.report WHERE patient_key = ANY(CAST(:keys AS text[]));
DELETE FROM idh.patient_query WHERE patient_key = ANY(CAST(:keys AS text[]));
DELETE FROM idh.person WHERE patient_key = ANY(CAST(:keys AS text[]));
DELETE FROM idh.merge_event
WHERE prior_key = ANY(CAST(:keys AS text[])) OR surviving_key = ANY(CAST(:keys AS text[]));
DELETE FROM phi.patient_identity WHERE patient_key = ANY(CAST(:keys AS text[]));
DELETE FROM idh.patient WHERE patient_key = ANY(CAST(:keys AS text[]));
-- After everything whose deletion notes work.
DELETE FROM idh.due_work WHERE item = ANY(CAST(:studies AS text[])) OR item = ANY(CAST(:keys AS text[]))
