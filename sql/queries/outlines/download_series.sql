-- Where a series of a study is stored; the function records who downloads it.
SELECT object_key, sha256 FROM idh.download_series(:study_id, :series_id, :operator)
