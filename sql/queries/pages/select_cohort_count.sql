-- When the cohort was counted last, and whether with the present code and settings.
SELECT counted_at, settings_hash = :settings_hash AS is_present
FROM idh.cohort_count
ORDER BY counted_at DESC
LIMIT 1
