INSERT INTO idh.source_check AS c (source, outcome, code, sentence, seconds, address, origin, succeeded_at)
VALUES (
    :source, :outcome, :code, :sentence, :seconds, :address, :origin, CASE WHEN :outcome = 'ok' THEN now() END
)
ON CONFLICT (source) DO UPDATE SET
    outcome = excluded.outcome, code = excluded.code, sentence = excluded.sentence, seconds = excluded.seconds,
    address = excluded.address, origin = excluded.origin, checked_at = now(),
    succeeded_at = coalesce(excluded.succeeded_at, c.succeeded_at)
