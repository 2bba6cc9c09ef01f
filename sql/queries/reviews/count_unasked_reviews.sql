SELECT count(*) AS reviews FROM idh.review
WHERE answer IS NULL AND NOT moot
    AND (asked_at IS NULL OR asked_at < now() - make_interval(days => :again_after_days))
