-- Files that older versions held for a fault of the transfer or of the store, which says nothing of a file.
SELECT file_id FROM idh.feed_file
WHERE state = 'held' AND code = ANY(CAST(:passing AS text[]))
