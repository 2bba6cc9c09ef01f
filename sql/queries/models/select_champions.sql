SELECT model_id, run_id, sequence, object_key, sha256 FROM idh.model WHERE state = 'champion' ORDER BY sequence
