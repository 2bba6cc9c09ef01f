SELECT worker, settings, problems, from_environment, recorded_at FROM idh.worker_settings ORDER BY worker
