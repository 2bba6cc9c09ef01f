-- The version of code and settings with which the cohort was counted last.
SELECT settings_hash FROM idh.cohort_count ORDER BY counted_at DESC LIMIT 1
