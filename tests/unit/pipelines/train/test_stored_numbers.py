"""The stored numbers of a report are valid JSON that the pages read, whatever the scores were."""

import json
from dataclasses import replace
from math import nan

import pytest

from idh_tasks.db.training import Run, RunState
from idh_tasks.domain.learning import Comparison, HeldOutScore, SequenceResult
from idh_tasks.domain.performance import Interval, Performance, Spread
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.valid_json import valid_json
from idh_tasks.learning.performance import assess
from idh_tasks.pipelines.pages.training_runs import REPORTED, Reported
from idh_tasks.pipelines.train.evaluate import sequence_reports
from idh_tasks.pipelines.train.exports import report_json
from idh_tasks.reporting.report import SequenceReport, table_rows
from tests.factories import scores

CONSTANT = assess(scores([0.5] * 5, [0.5] * 25), 1)
RUN = Run("run", "dataset", RunState.EVALUATED, {})


def stored(performance: Performance) -> bytes:
    results = {MrSequence.ADC: SequenceResult(MrSequence.ADC, performance)}
    return report_json(
        RUN, sequence_reports(results, {}), {}, [Comparison("baseline: majority class", performance)], "20 %"
    )


def read(content: bytes) -> Reported:
    """Read as the pages do, after JSON's own grammar, which has no NaN."""
    json.loads(content, parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"))
    return REPORTED.validate_json(content)


def test_an_auc_without_an_interval_survives_valid_json() -> None:
    reported = read(stored(CONSTANT))
    for auc in (reported.sequences[0].auc, reported.sequences[0].delong, reported.comparisons[0].auc):
        assert auc is not None
        assert (auc.value, auc.bounded) == (0.5, False)


def test_the_spread_over_repetitions_is_stored_and_earlier_reports_have_none() -> None:
    spread = Spread(3, 0.7, 0.8)
    content = stored(replace(CONSTANT, spread=spread))
    assert read(content).sequences[0].spread == spread
    early = json.loads(content)
    del early["sequences"][0]["spread"]
    assert read(json.dumps(early).encode()).sequences[0].spread is None


def test_the_report_says_that_there_is_no_interval_and_how_repetitions_spread() -> None:
    repeated = replace(CONSTANT, auc=Interval(0.75, 0.6, 0.9), spread=Spread(3, 0.7, 0.8))
    for performance, text in (
        (CONSTANT, "0.50 (no interval)"),
        (repeated, "0.75 [0.60, 0.90], 0.70–0.80 in 3 repetitions"),
    ):
        (row,) = table_rows([SequenceReport(SequenceResult(MrSequence.ADC, performance), ())])
        assert row["interval"] == text


def test_numbers_that_json_does_not_know_are_null() -> None:
    values = {"a": [nan, float("inf"), 1.5], "b": (-float("inf"), {"c": nan}), "d": MrSequence.T1, 5: None}
    assert json.loads(valid_json(values)) == {"a": [None, None, 1.5], "b": [None, {"c": None}], "d": "T1", "5": None}


@pytest.mark.parametrize(
    ("locked", "text"),
    [
        ([], None),
        (scores([0.4], []), "1 (1), one class only"),
        (scores([], [0.4, 0.5]), "2 (0), one class only"),
        (scores([0.4], [0.3, 0.5]), "3 (1), too few patients of a class for an AUC with an interval"),
        (scores([0.4, 0.6], [0.3]), "3 (2), too few patients of a class for an AUC with an interval"),
        (scores([0.5, 0.5], [0.5, 0.5]), "4 (2), 0.50 (no interval)"),
        (scores([0.9, 0.8], [0.2, 0.1]), "4 (2), 1.00 [0.16, 1.00]"),
    ],
)
def test_the_locked_set_is_told_with_few_patients_too(locked: list[HeldOutScore], text: str | None) -> None:
    results = {MrSequence.ADC: SequenceResult(MrSequence.ADC, CONSTANT)}
    (report,) = sequence_reports(results, {}, {MrSequence.ADC: locked}, looked=True)
    assert report.locked == text


def test_the_locked_set_shows_nothing_unless_it_was_looked_at() -> None:
    results = {MrSequence.ADC: SequenceResult(MrSequence.ADC, CONSTANT)}
    (report,) = sequence_reports(results, {}, {MrSequence.ADC: scores([0.9, 0.8], [0.2, 0.1])})
    assert report.locked == "4 (2), not looked at before this report"
