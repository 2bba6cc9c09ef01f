SELECT idh.submit_outline(:study_id, :sha256, :object_key, :operator)
