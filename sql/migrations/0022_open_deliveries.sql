-- The pages may see which deliveries have no outcome, but not what the hospital calls them.

CREATE FUNCTION phi.open_deliveries(most integer)
RETURNS TABLE (
    item_id text, source text, state text, code text, reason text, times_seen integer, found_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT i.item_id, i.source, i.state, i.code, i.reason, i.times_seen, i.found_at
    FROM phi.inbox AS i
    WHERE i.state IN ('found', 'failed')
    ORDER BY i.found_at, i.item_id
    LIMIT least(most, 1000)
$$;
COMMENT ON FUNCTION phi.open_deliveries IS 'Deliveries without an outcome, the oldest first, without their names.';
REVOKE EXECUTE ON FUNCTION phi.open_deliveries(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phi.open_deliveries(integer) TO idh_pages;
