-- Whether two patients who have the same image are one: a person answers, and later searches heed it.
ALTER TABLE idh.review DROP CONSTRAINT review_kind_check;
ALTER TABLE idh.review ADD CONSTRAINT review_kind_check CHECK (kind IN (
    'unclear_result', 'unclear_diagnosis', 'report_versions', 'label_conflict', 'several_studies', 'near_miss',
    'merge_mismatch', 'automatic_roi', 'series_name', 'same_image'
));
CREATE INDEX review_same_image ON idh.review (review_id) WHERE kind = 'same_image';

ALTER TABLE idh.twin_pair ADD COLUMN apart_by text REFERENCES idh.review;
COMMENT ON COLUMN idh.twin_pair.apart_by IS
'The question to which somebody had answered by the time of the search that these are two patients; NULL: the pair
refuses the training.';

GRANT INSERT, UPDATE (moot, asked_at, person_key) ON idh.review TO idh_train;
