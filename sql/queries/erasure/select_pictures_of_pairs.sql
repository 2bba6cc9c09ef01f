-- They are stored with the study of one patient and show the other one as well.
SELECT v.detail ->> 'picture' AS object_key
FROM idh.review AS v
WHERE v.kind = 'same_image' AND string_to_array(v.subject, ' ') && CAST(:keys AS text[])
