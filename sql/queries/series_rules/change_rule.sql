SELECT idh.change_series_rule(:rule_id, :version, :state, :reason, :operator, CAST(:effects AS jsonb))
