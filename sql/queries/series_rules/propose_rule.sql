SELECT idh.propose_series_rule(:review_id, :doubt, :operator)
