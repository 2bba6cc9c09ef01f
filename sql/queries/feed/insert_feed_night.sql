INSERT INTO idh.feed_night (source, rows_there, reports_read, reports_new, held, flag, reason)
VALUES (:source, :rows_there, :reports_read, :reports_new, :held, :flag, :reason)
