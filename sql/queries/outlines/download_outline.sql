-- The hash of the outline in use or proposed last; the function records who downloads it.
SELECT sha256 FROM idh.download_outline(:study_id, :operator) AS sha256 WHERE sha256 IS NOT NULL
