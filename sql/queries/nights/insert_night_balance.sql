INSERT INTO idh.ingest_night (source, found, new, unchanged, quarantined, failed, vanished, excluded, flag)
VALUES (:source, :found, :new, :unchanged, :quarantined, :failed, :vanished, :excluded, :flag)
