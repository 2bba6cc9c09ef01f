SELECT idh.roll_back(:sequence, :expected, :operator, :comment) AS model_id
