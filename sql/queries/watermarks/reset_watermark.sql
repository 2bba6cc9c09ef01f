UPDATE idh.watermark SET position = '', updated_at = now() WHERE source = :source
