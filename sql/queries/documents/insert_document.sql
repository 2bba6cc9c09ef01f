INSERT INTO idh.document (document_id, study_id, revision, content_hash, sop_instance_uid, supersedes, object_key, sha256)
VALUES (:document_id, :study_id, :revision, :content_hash, :sop_instance_uid, :supersedes, :object_key, :sha256)
ON CONFLICT (document_id) DO NOTHING
