SELECT file_id FROM idh.feed_file
