SELECT coalesce(sum(listed), 0)::integer AS studies
FROM idh.listing_slice
WHERE source = :source AND slice_id > coalesce(
    (SELECT max(slice_id) FROM idh.listing_slice WHERE source = :source AND since IS NULL), 0
)
