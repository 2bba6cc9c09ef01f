SELECT fingerprint FROM idh.pseudonym_key WHERE version = :version
