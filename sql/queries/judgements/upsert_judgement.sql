-- A later judgement of the same network replaces the earlier one, and what was decided about that.
INSERT INTO idh.judgement (
    run_id, sequence, champion_id, accepted, verdict, compared, changed, relabelled, best_id, better, drifted,
    restores_id, switched_off, digest
)
VALUES (
    :run_id, :sequence, :champion_id, :accepted, :verdict, :compared, :changed, :relabelled, :best_id, :better, :drifted,
    :restores_id, CAST(:switched_off AS text[]), :digest
)
ON CONFLICT (run_id, sequence) DO UPDATE SET
    champion_id = EXCLUDED.champion_id, accepted = EXCLUDED.accepted, verdict = EXCLUDED.verdict,
    compared = EXCLUDED.compared, changed = EXCLUDED.changed, relabelled = EXCLUDED.relabelled,
    best_id = EXCLUDED.best_id, better = EXCLUDED.better, drifted = EXCLUDED.drifted,
    restores_id = EXCLUDED.restores_id, switched_off = EXCLUDED.switched_off, digest = EXCLUDED.digest,
    judged_at = now(), decision = NULL, decided_by = NULL, comment = NULL, decided_at = NULL
WHERE judgement.digest <> EXCLUDED.digest
