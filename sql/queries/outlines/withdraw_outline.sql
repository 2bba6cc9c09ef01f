SELECT idh.withdraw_outline(:study_id, :sha256, :reason, :operator)
