-- Instances of a moved study that its archive no longer holds: they were stored under the former patient only.
DELETE FROM idh.instance WHERE study_id = :study_id AND instance_id <> ALL(CAST(:present AS text[]))
