INSERT INTO idh.pseudonym_key (version, fingerprint) VALUES (:version, :fingerprint)
ON CONFLICT DO NOTHING
