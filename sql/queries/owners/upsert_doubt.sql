-- Only a stored study can be in doubt: one that is not stored is merely refused.
INSERT INTO idh.owner_doubt (study_id, code, reason, stated)
SELECT t.study_id, :code, :reason, :stated FROM idh.study AS t WHERE t.study_id = :study_id
ON CONFLICT (study_id) DO UPDATE SET code = excluded.code, reason = excluded.reason, stated = excluded.stated
