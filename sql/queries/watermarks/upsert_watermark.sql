INSERT INTO idh.watermark (source, position) VALUES (:source, :position)
ON CONFLICT (source) DO UPDATE SET position = greatest(idh.watermark.position, excluded.position), updated_at = now()
