SELECT idh.retry_failed(:settings_hash, :operator) AS studies
