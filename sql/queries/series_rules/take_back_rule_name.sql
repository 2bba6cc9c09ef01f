SELECT idh.take_back_rule_name(:rule_id, :study_id, :series_id, :operator)
