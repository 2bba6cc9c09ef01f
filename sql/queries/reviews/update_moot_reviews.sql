-- Two kinds of questions are about a patient who is compared with another; the others are about a person.
UPDATE idh.review AS v SET moot = true
WHERE v.review_id IN (
    SELECT a.review_id
    FROM touched AS t
    JOIN idh.review AS a ON a.person_key = t.patient_key
    WHERE a.kind IN ('unclear_result', 'unclear_diagnosis', 'report_versions', 'label_conflict', 'several_studies')
    UNION ALL
    SELECT a.review_id
    FROM touched AS t
    JOIN idh.review AS a ON a.subject = t.patient_key
    WHERE a.kind IN ('near_miss', 'merge_mismatch')
) AND v.answer IS NULL AND NOT v.moot AND NOT EXISTS (
    SELECT 1 FROM candidate_review AS c
    WHERE c.kind = v.kind AND c.subject = v.subject AND c.evidence = v.evidence
)
