-- Studies that were seen and not picked up, by source and reason.
SELECT source, reason, studies FROM idh.exclusion_count ORDER BY source ASC, studies DESC, reason ASC
