"""`idh run evaluate` on a real database: an operator writes a report again."""

import json

import pytest
from typer.testing import CliRunner

from idh_tasks.cli.app import cli
from idh_tasks.pipelines.operate.summary import summarise
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train import promotion
from tests.database import run_sql
from tests.integration.test_promotion import trained
from tests.seed import seed_cohort

SECOND_FOLD = """
INSERT INTO idh.fold_result (run_id, sequence, fold, n, mutants, accuracy, loss, sensitivity, specificity, auc,
    learning_curve)
SELECT run_id, sequence, fold + 1, n, mutants, accuracy, loss, sensitivity, specificity, auc, learning_curve
FROM idh.fold_result
"""
"""A report states the spread over folds, so there must be two."""


def test_a_report_that_was_deleted_is_written_again_and_the_run_stays_promoted(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idh_tasks.cli.platform.open_platform", lambda _: platform)
    seed_cohort(platform, mutants=6, wildtypes=8)
    run_id = trained(platform, seed=1)
    run_sql(platform, SECOND_FOLD)
    first = written(run_id)
    judgement = promotion.judge_challengers(platform, run_id)
    promotion.promote(platform, run_id, judgement)
    report = platform.store.get(first)
    platform.store.delete(first)

    assert written(run_id) == first
    assert platform.store.get(first) == report
    assert (summarise(platform).run_id, summarise(platform).report_key) == (run_id, first)


def written(run_id: str) -> str:
    done = CliRunner().invoke(cli, ["run", "evaluate", run_id, "--json"])
    assert done.exit_code == 0, done.exception
    return str(json.loads(done.stdout.splitlines()[-1])["report"])
