SELECT idh.name_by_rule(:rule_id, :study_id, :series_id, :sequence, :evidence, :operator)
