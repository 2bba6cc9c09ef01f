INSERT INTO idh.worker_settings (worker, settings, problems, from_environment)
VALUES (:worker, cast(:settings AS jsonb), cast(:problems AS jsonb), cast(:from_environment AS text[]))
ON CONFLICT (worker) DO UPDATE SET
    settings = excluded.settings, problems = excluded.problems, from_environment = excluded.from_environment,
    recorded_at = now()
