"""The report shows our table beside the paper's, and states what the data are."""

from idh_tasks.codes import Code
from idh_tasks.domain.cohort import Demographics
from idh_tasks.domain.learning import Interval, Metrics, Performance, Refusal, RefusedSequence, SequenceResult
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.reporting.figures import box_figure, roc_figure
from idh_tasks.reporting.paper import TABLE_1
from idh_tasks.reporting.report import Cohort, Report, SequenceReport, mean_sd, render
from tests.factories import scores

FOLDS = tuple(Metrics(20, 4, a, 0.5, 0.4, 0.9, 0.8) for a in (0.7, 0.8, 0.9))
COHORT = Cohort("<svg></svg>", [Demographics("mutant", 12, 5, 7, 55.5, 8.2, 35, 71)])
RESULT = SequenceResult(MrSequence.RCBV, Performance(60, 12, Interval(0.81, 0.7, 0.9), 0.1))


def rendered(sequence: SequenceReport, run_id: str = "run", settings: str = "{}") -> str:
    return render(Report(run_id, "synthetic", [sequence], settings, cohort=COHORT))


def test_mean_and_sd_over_folds() -> None:
    assert mean_sd(FOLDS, "accuracy") == "0.80 ± 0.10"


def test_the_paper_has_a_row_for_every_network() -> None:
    assert tuple(TABLE_1) == MODEL_SEQUENCES


def test_our_numbers_are_beside_the_papers_and_the_data_are_named() -> None:
    html = rendered(SequenceReport(RESULT, FOLDS))
    for text in (
        "0.80 ± 0.10",
        "0.83 ± 0.07",
        "0.81 [0.70, 0.90]",
        "synthetic",
        "not for diagnosis",
        "55.5 ± 8.2 (35–71)",
    ):
        assert text in html


def test_free_text_is_escaped() -> None:
    assert "<script>" not in rendered(SequenceReport(RESULT, FOLDS), "<script>", "<script>")


def test_a_refused_sequence_shows_its_code() -> None:
    refused = RefusedSequence(4, 1, Refusal(Code.E_FOLD_DEGENERATE, "1 mutant"))
    html = rendered(SequenceReport(SequenceResult(MrSequence.ADC, refused), ()))
    assert "E_FOLD_DEGENERATE: 1 mutant" in html


def test_the_same_numbers_draw_the_same_figures() -> None:
    own = {MrSequence.T1: scores([0.9, 0.6], [0.1, 0.7, 0.2])}
    assert roc_figure(own) == roc_figure(own)
    assert box_figure({MrSequence.T1: FOLDS}).startswith("<svg")
