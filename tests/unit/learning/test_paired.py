"""Two networks are compared on the same patients, each of whom counts once."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import bootstrap, norm, t
from sklearn.metrics import roc_auc_score

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.learning.paired import Paired, brier_difference, pair, placements, pooled
from idh_tasks.learning.performance import assess
from tests.factories import scores
from tests.unit.learning.test_gate import cohort


def labels(given: list[HeldOutScore]) -> dict[str, bool]:
    return {score.patient_key: score.mutant for score in given}


def paired(mine: list[HeldOutScore], theirs: list[HeldOutScore]) -> Paired:
    found = pair(mine, theirs, labels(mine))
    assert found is not None
    return found


def auc(given: list[HeldOutScore]) -> float:
    return float(roc_auc_score([s.mutant for s in given], [s.probability_mutant for s in given]))


def test_the_mean_placement_of_each_class_is_the_auc_and_ties_count_half() -> None:
    probability, mutant = np.random.default_rng(1).integers(0, 5, 60) / 5, np.arange(60) < 20
    placed = placements(probability, mutant)
    for kind in (mutant, ~mutant):
        assert placed[kind].mean() == pytest.approx(roc_auc_score(mutant, probability))


def test_the_difference_is_that_of_the_aucs_on_the_patients_both_have_scored() -> None:
    mine, theirs = cohort(1, 3.0), cohort(2, 1.0)
    found = paired(mine[10:], theirs[:80])
    assert found.difference.value == pytest.approx(auc(mine[10:80]) - auc(theirs[10:80]))
    assert found.aucs == pytest.approx((auc(mine[10:80]), auc(theirs[10:80])))
    assert (found.difference.patients, found.difference.mutants) == (70, 20)


def test_the_standard_error_is_that_of_a_paired_bootstrap() -> None:
    mine, theirs = cohort(1, 3.0), cohort(2, 1.0)
    wins = [
        np.greater.outer(
            [s.probability_mutant for s in one if s.mutant], [s.probability_mutant for s in one if not s.mutant]
        ).astype(float)
        for one in (mine, theirs)
    ]
    rng, differences = np.random.default_rng(7), []
    for _ in range(2000):
        drawn = np.ix_(rng.integers(0, 30, 30), rng.integers(0, 70, 70))
        differences.append(wins[0][drawn].mean() - wins[1][drawn].mean())
    assert paired(mine, theirs).difference.error == pytest.approx(np.std(differences), rel=0.06)


def test_a_network_gains_nothing_on_itself() -> None:
    found = paired(cohort(1), cohort(1))
    assert (found.difference.value, found.difference.error, found.power(0.1, 0.05)) == (0.0, 0.0, None)
    assert not found.difference.below(0, 0.05)
    assert not found.difference.above(0, 0.05)


def test_a_patient_whom_all_repetitions_have_held_out_counts_once() -> None:
    once = cohort(1)
    found, expected = (paired(one, cohort(2)).difference for one in (repeated([once] * 3), once))
    assert found.patients == 100
    assert (found.value, found.error) == pytest.approx((expected.value, expected.error))


def test_the_difference_is_that_of_the_means_over_repetitions_which_more_of_them_do_not_raise() -> None:
    mine, theirs = [cohort(seed, 1.0) for seed in (1, 2, 3)], cohort(4, 1.0)
    found = paired(repeated(mine), theirs)
    assert found.difference.value == pytest.approx(np.mean([auc(one) for one in mine]) - auc(theirs))
    assert found.aucs == pytest.approx((assess(repeated(mine), seed=1).auc.value, auc(theirs)))


def test_random_splits_are_compared_within_each_of_them() -> None:
    """The scores of the second split are all higher, which says nothing about its patients."""
    labels_of_six = {f"p{n}": n < 3 for n in range(6)}
    splits = (("p0", "p1", "p3", "p4"), ("p1", "p2", "p4", "p5"))
    higher = (0.0, 0.5)
    mine = [
        HeldOutScore(p, fold, labels_of_six[p], 0.1 + 0.2 * labels_of_six[p] + higher[fold], 0.5)
        for fold, own in enumerate(splits)
        for p in own
    ]
    found = pair(mine, mine, labels_of_six)
    assert found is not None
    assert found.aucs == (1.0, 1.0)


def repeated(repetitions: list[list[HeldOutScore]]) -> list[HeldOutScore]:
    return [replace(s, fold=5 * r + s.fold, repetition=r) for r, own in enumerate(repetitions) for s in own]


def test_the_power_is_that_of_finding_a_loss_beyond_the_margin() -> None:
    found = paired(cohort(1), cohort(2))
    whole, beyond, none = (found.power(0.1, 0.05, margin) for margin in (0.0, 0.05, 0.1))
    assert whole is not None
    assert beyond is not None
    assert whole > beyond > 0.05
    assert none == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("aucs", "ratio"),
    [((0.8, 0.9), 1), ((0.9, 0.9), 0.25 / 0.18), ((0.9, 0.8), 0.37 / 0.25), ((0.5, 0.5), 0.49 / 0.50),
     ((1.0, 1.0), 0.10 / 0.02)],
)  # fmt: skip
def test_the_power_is_that_of_a_comparison_between_networks_that_differ_by_the_loss(
    aucs: tuple[float, float], ratio: float
) -> None:
    """The ratio is that of AUC · (1 − AUC), summed over both networks; it is at least 0.01 for each."""
    mutant, gains = np.arange(30) < 10, 0.3 * np.resize([-1.0, 1.0], 30)
    variances = [0.09 / 9, 0.09 / 19]  # of the means of 10 and of 20 gains
    freedom = sum(variances) ** 2 / (variances[0] ** 2 / 9 + variances[1] ** 2 / 19)
    needed = t.isf(0.05, freedom)
    expected = t.sf(needed - 0.1 / np.sqrt(sum(variances) * ratio), freedom)
    found = Paired(tuple(map(str, range(30))), mutant, gains, aucs)
    assert found.power(0.1, 0.05) == pytest.approx(expected)


def test_the_power_that_equal_networks_state_is_how_often_a_worse_one_is_found() -> None:
    rng = np.random.default_rng(11)
    stated = [drawn(rng, 0.95, 0.95).power(0.06, 0.05) or 0.0 for _ in range(200)]
    found = [drawn(rng, 0.89, 0.95).difference.below(0, 0.05) for _ in range(600)]
    assert 0.6 < np.mean(found) < 0.95, "neither rare nor certain"
    assert np.mean(stated) == pytest.approx(np.mean(found), abs=0.04)


def drawn(rng: np.random.Generator, own: float, reference: float) -> Paired:
    """Return two networks with these true AUCs on 60 mutants and 120 wild types, whose scores have half in common."""
    mutant = np.arange(180) < 60
    shared = rng.normal(0, np.sqrt(0.5), 180)
    scored = [
        shared + rng.normal(0, np.sqrt(0.5), 180) + np.sqrt(2) * norm.ppf(auc) * mutant for auc in (own, reference)
    ]
    mine, theirs = (placements(score, mutant) for score in scored)
    return Paired(
        tuple(map(str, range(180))), mutant, mine - theirs, (float(mine[mutant].mean()), float(theirs[mutant].mean()))
    )


def test_there_is_no_comparison_with_fewer_than_two_common_patients_of_a_class() -> None:
    few, many = (scores([0.9, 0.8], low) for low in ([0.1], [0.1, 0.2]))
    assert pair(few, few, labels(few)) is None
    assert pair(many, many, labels(many)) is not None
    assert pair(many, [replace(s, patient_key=f"other {s.patient_key}") for s in many], labels(many)) is None
    assert pair(many, [], labels(many)) is None


def test_several_equal_networks_are_no_more_evidence_than_one() -> None:
    one = paired(cohort(1), cohort(2))
    together = pooled([one] * 5, most=9.0)
    assert together is not None
    assert (together.value, together.error) == pytest.approx((one.difference.value, one.difference.error))


def test_independent_networks_are_more_evidence_than_one() -> None:
    best = cohort(2)
    together = pooled([paired(cohort(seed), best) for seed in range(10, 20)], most=9.0)
    assert together is not None
    assert together.error < 0.85 * paired(cohort(10), best).difference.error


def test_no_network_counts_for_more_than_its_share() -> None:
    failed = paired(cohort(3, separation=-3.0), cohort(2))
    together = pooled([failed], most=2.5)
    assert together is not None
    assert together.value == pytest.approx(-2.5 * failed.difference.error)


def test_networks_that_have_scored_other_patients_are_averaged_over_those_they_have_in_common() -> None:
    best = cohort(2)
    halves = [paired(cohort(1)[::2], best), paired(cohort(1)[1::2], best)]
    together = pooled(halves, most=9.0)
    assert together is not None
    assert (together.patients, together.mutants) == (100, 30)
    assert together.value == pytest.approx(np.mean([half.difference.value for half in halves]))


def test_the_brier_scores_are_compared_on_the_same_patients_with_the_same_labels() -> None:
    mine, theirs = cohort(1), cohort(2)
    found = brier_difference(mine, theirs[:80], labels(mine))
    losses = [
        (a.calibrated - a.mutant) ** 2 - (b.calibrated - b.mutant) ** 2 for a, b in zip(mine, theirs, strict=True)
    ]
    assert found is not None
    assert found.value == pytest.approx(np.mean(losses[:80]))
    interval = bootstrap((losses[:80],), np.mean, method="basic", rng=np.random.default_rng(1)).confidence_interval
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high), abs=0.008)
