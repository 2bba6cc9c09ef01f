SELECT idh.take_in_study(:study_id, :reason, :operator)
