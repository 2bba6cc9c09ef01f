INSERT INTO idh.feed_file (file_id, state, code, reason, reports, merges)
VALUES (:file_id, :state, :code, :reason, :reports, :merges)
ON CONFLICT (file_id) DO NOTHING
