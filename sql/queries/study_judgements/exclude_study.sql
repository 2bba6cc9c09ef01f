SELECT idh.exclude_study(:study_id, :fault, :reason, :operator)
