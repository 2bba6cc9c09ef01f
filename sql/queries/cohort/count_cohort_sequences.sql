-- How many labelled patients have a patch of each sequence, how many of them are mutant, and how many have none.
SELECT
    s.sequence,
    coalesce(sum(k.patients) FILTER (WHERE s.sequence = ANY(k.sequences)), 0)::bigint AS patients,
    coalesce(sum(k.patients) FILTER (WHERE s.sequence = ANY(k.sequences) AND k.idh_status = 'mutant'), 0)::bigint AS mutants,
    coalesce(sum(k.patients) FILTER (WHERE s.sequence <> ALL(k.sequences)), 0)::bigint AS without
FROM unnest(CAST(:sequences AS text[])) AS s (sequence)
LEFT JOIN idh.cohort_group AS k ON k.idh_status IS NOT NULL
GROUP BY s.sequence
ORDER BY array_position(CAST(:sequences AS text[]), s.sequence)
