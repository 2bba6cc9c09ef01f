INSERT INTO idh.derivation (name, version) VALUES ('links', :version)
ON CONFLICT (name) DO UPDATE SET version = excluded.version
