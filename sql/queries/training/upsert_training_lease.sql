-- Taken if nobody holds it, if it has expired, or if it is ours already.
INSERT INTO idh.training_lease (run_id, sequence, holder, expires_at)
VALUES (:run_id, :sequence, :holder, now() + make_interval(secs => :seconds))
ON CONFLICT (run_id, sequence) DO UPDATE SET holder = EXCLUDED.holder, expires_at = EXCLUDED.expires_at
WHERE training_lease.holder = EXCLUDED.holder OR training_lease.expires_at < now()
