INSERT INTO idh.shard (object_key, sequence, sha256)
VALUES (:object_key, :sequence, :sha256)
ON CONFLICT DO NOTHING
