-- A delivery that fails is tried again later and later, and held after a number of nights.

ALTER TABLE phi.inbox
    ADD COLUMN nights_tried smallint NOT NULL DEFAULT 0 CHECK (nights_tried >= 0),
    ADD COLUMN next_try timestamptz;
COMMENT ON COLUMN phi.inbox.nights_tried IS
'Nights in which it was tried without an outcome; those in which its source did not answer do not count.';
COMMENT ON COLUMN phi.inbox.next_try IS
'From when on a try belongs to another night; after the first night, the next run tries it whenever it is.';

-- As in 0042, with how often each was tried and when it is tried again.
DROP FUNCTION phi.open_deliveries(integer);
CREATE FUNCTION phi.open_deliveries(most integer)
RETURNS TABLE (
    item_id text, source text, state text, code text, reason text, times_seen integer, found_at timestamptz,
    nights_tried smallint, next_try timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT i.item_id, i.source, i.state, i.code, i.reason, i.times_seen, i.found_at, i.nights_tried, i.next_try
    FROM phi.inbox AS i
    WHERE i.state IN ('found', 'failed') AND i.priority = 0
    ORDER BY i.found_at, i.item_id
    LIMIT least(most, 1000)
$$;
COMMENT ON FUNCTION phi.open_deliveries IS 'Deliveries without an outcome, the oldest first, without their names.';
REVOKE EXECUTE ON FUNCTION phi.open_deliveries(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phi.open_deliveries(integer) TO idh_pages;
