INSERT INTO idh.ingest_night (source, found, new, unchanged, quarantined, failed, vanished, excluded, flag, reason)
VALUES (:source, :found, :new, :unchanged, :quarantined, :failed, :vanished, :excluded, :flag, :reason)
