INSERT INTO idh.feed_night (rows_there, reports_read, reports_new, held, flag)
VALUES (:rows_there, :reports_read, :reports_new, :held, :flag)
