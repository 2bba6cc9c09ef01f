SELECT version FROM idh.derivation WHERE name = 'links'
