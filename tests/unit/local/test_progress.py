"""The demo shows a line per finished batch where its output is no terminal."""

import io

import pytest
from rich.console import Console

from idh_tasks.local.night import stages
from idh_tasks.local.progress import Stage, finished_batches, shown

STAGES = [Stage("ingested", 10, 4), Stage("folds", 30, 5)]


def counts(ingested: int, folds: int = 0) -> dict[str, int]:
    return {"ingested": ingested, "folds": folds}


@pytest.mark.parametrize(
    ("before", "now", "lines"),
    [
        (counts(0), counts(3), []),
        (counts(3), counts(4), ["ingested: 4 of 10"]),
        (counts(3), counts(9), ["ingested: 9 of 10"]),
        (counts(9), counts(10), ["ingested: 10 of 10"]),
        (counts(10), counts(10), []),
        (counts(3, 4), counts(4, 5), ["ingested: 4 of 10", "folds: 5 of 30"]),
    ],
    ids=["inside a batch", "a batch", "two batches at once", "the smaller last batch", "no change", "two stages"],
)
def test_a_stage_has_a_line_when_it_has_finished_a_batch(
    before: dict[str, int], now: dict[str, int], lines: list[str]
) -> None:
    assert finished_batches(STAGES, before, now) == lines


def test_without_a_terminal_lines_are_printed_at_once_and_each_stage_has_a_last_one() -> None:
    out = io.StringIO()
    with shown(Console(file=out, width=80), STAGES, counts(0)) as show:
        show(counts(2))
        assert out.getvalue() == ""
        show(counts(5))
        assert out.getvalue() == "ingested: 5 of 10\n"
        show(counts(7, 5))
    assert out.getvalue().splitlines()[1:] == ["folds: 5 of 30", "ingested: 7 of 10, done", "folds: 5 of 30, done"]


def test_on_a_terminal_there_is_a_bar_per_stage() -> None:
    out = io.StringIO()
    with shown(Console(file=out, width=80, force_terminal=True), STAGES, counts(0)) as show:
        show(counts(10, 30))
    assert "━━━" in out.getvalue()
    assert "done" not in out.getvalue()


def test_the_stages_of_a_night_count_in_the_batches_of_the_platform() -> None:
    shown_stages = {stage.name: (stage.total, stage.batch) for stage in stages(studies=40, folds=5)}
    assert shown_stages == {
        "ingested": (40, 4),
        "linked": (40, 4),
        "preprocessed": (40, 4),
        "folds": (30, 5),
        "predictions": (240, 24),
    }
