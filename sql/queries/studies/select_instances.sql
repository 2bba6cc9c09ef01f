SELECT instance_id, series_id, sha256, profile FROM idh.instance WHERE study_id = :study_id
