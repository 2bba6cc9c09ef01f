INSERT INTO idh.excluded_study (source, study_token, reason, fingerprint, filter_version, item_id)
SELECT :source, g.study_token, g.reason, g.fingerprint, :filter_version, g.item_id
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS g (study_token text, reason text, fingerprint text, item_id text)
ON CONFLICT (source, study_token) DO UPDATE SET
    reason = excluded.reason,
    fingerprint = excluded.fingerprint,
    filter_version = excluded.filter_version,
    item_id = excluded.item_id,
    decided_at = now()
WHERE (idh.excluded_study.reason, idh.excluded_study.fingerprint, idh.excluded_study.filter_version)
    <> (excluded.reason, excluded.fingerprint, excluded.filter_version)
