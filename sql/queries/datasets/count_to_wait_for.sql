-- Labelled studies whose patches are of another version, except those that were given up or have patches of this one, too.
SELECT count(*) AS studies
FROM idh.preparation AS n
WHERE n.labelled AND NOT n.after_surgery AND (n.made_with < :settings_hash OR n.made_with > :settings_hash)
    AND NOT EXISTS (
        SELECT FROM idh.patch AS p
        WHERE p.study_id = n.study_id AND p.revision = n.revision AND p.settings_hash = :settings_hash
    )
    AND NOT EXISTS (
        SELECT FROM idh.due_work AS w WHERE w.stage = 'prepare' AND w.item = n.study_id AND w.code IS NOT NULL
    )
