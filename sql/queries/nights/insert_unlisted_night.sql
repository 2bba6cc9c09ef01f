INSERT INTO idh.ingest_night (source, found, new, unchanged, quarantined, failed, vanished, flag, listed, reason)
VALUES (:source, 0, 0, 0, 0, 0, 0, :flag, false, :reason)
