-- For each patient of one sequence of a run's dataset: vendor, protocol and time of ingest of the study.
SELECT
    d.patient_key, t.manufacturer, t.ingested_at, p.provenance, s.series, s.instances, s.axial, s.voxel_mm3, s.coverage_mm
FROM idh.training_run AS run
JOIN idh.dataset_member AS d USING (dataset_id)
JOIN idh.patch AS p ON p.patch_id = d.patch_id
JOIN idh.study AS t ON t.study_id = p.study_id
CROSS JOIN LATERAL (
    SELECT
        count(*) AS series, coalesce(avg(r.instances), 0)::double precision AS instances,
        coalesce(avg(r.axial::integer), 0)::double precision AS axial,
        coalesce(avg(r.voxel_mm3), 0) AS voxel_mm3, coalesce(avg(r.coverage_mm), 0) AS coverage_mm
    FROM idh.series AS r
    WHERE r.study_id = p.study_id AND r.revision = p.revision
        AND r.sequence IN (p.sequence, CASE p.sequence WHEN 'RCBV' THEN 'DSC' WHEN 'ADC' THEN 'DWI' END)
) AS s
WHERE run.run_id = :run_id AND d.sequence = :sequence
ORDER BY d.patient_key
