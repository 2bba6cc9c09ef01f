SELECT position FROM idh.watermark WHERE source = :source
