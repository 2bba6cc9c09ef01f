"""The report shows our table beside the paper's, and states what the data are."""

from dataclasses import replace

import numpy as np
import pytest

from idh_tasks.codes import Code
from idh_tasks.domain.cohort import Demographics
from idh_tasks.domain.learning import HeldOutScore, Refusal, RefusedSequence, SequenceResult
from idh_tasks.domain.learning_fit import Exponential, LearningCurves, NoFit
from idh_tasks.domain.performance import Interval, Metrics, Performance
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.learning.stated import cohort_weights
from idh_tasks.reporting.figures import box_figure, calibration_figure, calibration_points, learning_figure, roc_figure
from idh_tasks.reporting.paper import TABLE_1
from idh_tasks.reporting.report import Cohort, Report, SequenceReport, mean_sd, prior_text, render
from tests.factories import scores

FOLDS = tuple(Metrics(20, 4, a, 0.5, 0.4, 0.9, 0.8) for a in (0.7, 0.8, 0.9))
COHORT = Cohort("<svg></svg>", [Demographics("mutant", 12, 5, 7, 55.5, 8.2, 35, 71)])
RESULT = SequenceResult(MrSequence.RCBV, Performance(60, 12, Interval(0.81, 0.7, 0.9), 0.1))


def rendered(sequence: SequenceReport, run_id: str = "run", settings: str = "{}") -> str:
    return render(Report(run_id, "synthetic", [sequence], settings, cohort=COHORT))


def test_mean_and_sd_over_folds() -> None:
    assert mean_sd(FOLDS, "accuracy") == "0.80 ± 0.10"


def test_a_column_that_a_fold_lacks_says_over_how_many_folds_it_is() -> None:
    nobody = Metrics(20, 4, 0.8, 0.5, 0.0, 1.0, 0.8)
    assert nobody.ppv is None
    assert mean_sd([*FOLDS, nobody], "ppv") == "0.50 ± 0.00 (3 of 4 folds)"
    assert mean_sd([nobody, nobody], "ppv") == "–"


def test_who_is_no_better_than_the_constant_is_told_so() -> None:
    behind = Performance(60, 12, Interval(0.6, 0.5, 0.7), 0.2, log_loss=0.571, constant_log_loss=0.456)
    html = rendered(SequenceReport(replace(RESULT, outcome=behind), FOLDS))
    assert "0.571, constant 0.456: no better than the constant" in html
    better = rendered(SequenceReport(replace(RESULT, outcome=replace(behind, log_loss=0.4)), FOLDS))
    assert "0.400, constant 0.456" in better
    assert "no better than the constant" not in better


def test_sequences_are_written_as_people_do_and_the_parameters_are_stated() -> None:
    html = rendered(SequenceReport(replace(RESULT, parameters=57_050), FOLDS))
    assert "<td>rCBV</td>" in html
    assert "57,050" in html
    assert "RCBV" not in html


def test_the_assumed_share_of_mutants_is_stated() -> None:
    assert "that of the training cohort" in rendered(SequenceReport(RESULT, FOLDS))
    assert prior_text(0.12) == "12.0%, as set for the site"


def test_right_probabilities_lie_on_the_diagonal_even_if_test_sets_have_more_mutants_than_the_cohort() -> None:
    """In the scheme `repeated`, every test set has the paper's minimum of mutants."""
    rng = np.random.default_rng(1)
    right = rng.beta(1, 4, 60_000)
    mutant = rng.random(60_000) < right
    drawn = mutant | (rng.random(60_000) < 0.5)
    held_out = [
        HeldOutScore(f"{n}", 0, bool(mutant[n]), float(right[n]), float(right[n])) for n in np.flatnonzero(drawn)
    ]
    weighted = cohort_weights(held_out, float(mutant.mean()))
    stated, observed = calibration_points(right[drawn], mutant[drawn], weighted)
    assert stated == pytest.approx(observed, abs=0.015)
    stated, observed = calibration_points(right[drawn], mutant[drawn], np.ones(len(held_out)))
    assert observed[2] - stated[2] > 0.05


def test_the_calibration_of_a_handful_of_patients_is_drawn() -> None:
    few = scores([0.9], [0.2, 0.1])
    assert calibration_figure({MrSequence.RCBV: few}, {MrSequence.RCBV: cohort_weights(few)}).count("stated") == 1


def test_learning_curves_of_unequal_length_are_drawn_with_both_losses() -> None:
    held_out, training = [[(1, 0.9), (5, 0.6), (9, 0.5)], [(1, 0.8), (5, 0.7)]], [[(1, 0.7), (5, 0.3)], []]
    drawn = learning_figure({MrSequence.RCBV: LearningCurves(held_out, training, NoFit.FLAT)})
    for text in ("rCBV: does not decay", "held out", "training"):
        assert text in drawn
    fitted = learning_figure({MrSequence.RCBV: LearningCurves(held_out, training, Exponential(1.2, 0.02, 0.4))})
    assert "1.2·exp(−0.02·x) + 0.4" in fitted


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
