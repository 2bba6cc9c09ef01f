SELECT idh.roll_back(:sequence, :expected, :operator) AS model_id
