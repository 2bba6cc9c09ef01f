-- Patches are packed once, in shards that are never changed and that datasets share: a training packs only what is new.
CREATE TABLE idh.shard (
    object_key text PRIMARY KEY,
    sequence text NOT NULL,
    sha256 text NOT NULL
);
COMMENT ON TABLE idh.shard IS 'An object with patches of one sequence. Goes when one of its patients is erased.';
COMMENT ON COLUMN idh.shard.object_key IS 'Contains a hash of the patches and of their order.';

CREATE TABLE idh.packed_patch (
    object_key text NOT NULL REFERENCES idh.shard ON DELETE CASCADE,
    place integer NOT NULL CHECK (place >= 0),
    patch_id text NOT NULL REFERENCES idh.patch,
    sha256 text NOT NULL,
    PRIMARY KEY (object_key, place)
);
CREATE INDEX packed_patch_patch ON idh.packed_patch (patch_id);
COMMENT ON TABLE idh.packed_patch IS 'Which patches are in a shard, by their place in its array.';
COMMENT ON COLUMN idh.packed_patch.sha256 IS 'Of the patch when it was packed; one that was cut again since is packed again.';

-- The packs of earlier datasets are shards: one object each, in the order of the keys of its patients.
INSERT INTO idh.shard (object_key, sequence, sha256)
SELECT object_key, sequence, sha256 FROM idh.dataset_pack;
INSERT INTO idh.packed_patch (object_key, place, patch_id, sha256)
SELECT
    k.object_key,
    row_number() OVER (PARTITION BY k.object_key ORDER BY m.patient_key COLLATE "C") - 1,
    m.patch_id,
    p.sha256
FROM idh.dataset_pack AS k
JOIN idh.dataset_member AS m USING (dataset_id, sequence)
JOIN idh.patch AS p USING (patch_id);

ALTER TABLE idh.dataset_pack DROP COLUMN object_key, DROP COLUMN sha256;
COMMENT ON TABLE idh.dataset_pack IS
'The sequences of a dataset that can be trained. Goes when one of its patients is erased: the next dataset is another one.';

REVOKE UPDATE ON idh.dataset_pack FROM idh_train;
GRANT INSERT ON idh.shard, idh.packed_patch TO idh_train;
GRANT DELETE ON idh.shard TO idh_erase;
