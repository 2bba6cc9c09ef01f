SELECT since, until, listed FROM idh.listing_slice WHERE source = :source ORDER BY slice_id DESC LIMIT 1
