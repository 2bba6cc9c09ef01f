UPDATE idh.ingest_run SET ended_at = now() WHERE ended_at IS NULL
