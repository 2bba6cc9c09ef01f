"""How often the promotion gate errs, by simulation: `make gate`."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from idh_tasks.learning.floor import no_signal
from idh_tasks.learning.gate import LOSS, WORSE_LEVEL, beside_best, has_drifted, is_better
from idh_tasks.learning.paired import Array, Difference, Paired, mean_difference, placements
from idh_tasks.learning.performance import assess
from idh_tasks.settings import LearningSettings
from tests.simulated_scores import Setting, cohorts

AUC = 0.85
ROUNDS = 20
SIZES = ((17, 83), (51, 249))
CORRELATIONS = (0.5, 0.7)
"""Of the scores that two networks give the patients of one class."""
REPETITIONS = (1, 3)
AUCS_AT_FLOOR = (0.5, 0.65, 0.7, 0.75, 0.85)
SETTINGS = LearningSettings()

Next = Callable[[float, np.random.Generator], float]
"""Returns the true AUC of a challenger beside a champion with this one."""


@dataclass(frozen=True)
class Network:
    """A network with its true AUC, the placement of each patient, and the squared errors of its probabilities."""

    auc: float
    placed: Array
    squared: Array


@dataclass(frozen=True)
class Cohort:
    """Patients with their labels, and what all networks see in each of them: some are easy, some are hard."""

    mutant: NDArray[np.bool_]
    common: Array
    correlation: float
    rng: np.random.Generator

    def network(self, auc: float) -> Network:
        """Return a network whose scores are normal in each class, and whose probabilities are calibrated."""
        distance = float(np.sqrt(2) * norm.ppf(auc))
        own = self.rng.standard_normal(len(self.mutant))
        seen = np.sqrt(self.correlation) * self.common + np.sqrt(1 - self.correlation) * own
        scores = distance * self.mutant + seen
        prior = np.log(self.mutant.mean() / (1 - self.mutant.mean()))
        stated = expit(distance * scores - distance**2 / 2 + prior)
        return Network(auc, placements(scores, self.mutant), (stated - self.mutant) ** 2)

    def paired(self, challenger: Network, best: Network) -> Paired:
        """Compare two networks on all patients."""
        aucs = tuple(float(one.placed[self.mutant].mean()) for one in (challenger, best))
        patients = tuple(map(str, range(len(self.mutant))))
        return Paired(patients, self.mutant, challenger.placed - best.placed, (aucs[0], aucs[1]))

    def loss(self, challenger: Network, best: Network) -> Difference:
        """Return the difference of the Brier scores."""
        return mean_difference(challenger.squared - best.squared, int(self.mutant.sum()))


def draw(mutants: int, wildtypes: int, correlation: float, rng: np.random.Generator) -> Cohort:
    """Draw the patients of a cohort."""
    mutant = np.arange(mutants + wildtypes) < mutants
    return Cohort(mutant, rng.standard_normal(len(mutant)), correlation, rng)


def comparisons(cohorts: Iterator[Cohort], loss: float) -> tuple[float, float]:
    """Return how often a network with this true loss in AUC is refused, and the mean of the power that is stated."""
    refused, powers = [], []
    for cohort in cohorts:
        challenger, best = cohort.network(AUC - loss), cohort.network(AUC)
        paired = cohort.paired(challenger, best)
        refused.append(bool(beside_best(paired.difference, cohort.loss(challenger, best), False, SETTINGS)))
        if (power := paired.power(LOSS, WORSE_LEVEL)) is not None:
            powers.append(power)
    return float(np.mean(refused)), float(np.mean(powers))


def course(cohort: Cohort, following: Next) -> tuple[list[float], int]:
    """Return the true AUC of the champion after each round, and how many challengers were refused."""
    champion = best = cohort.network(AUC)
    since, drifted, refusals, path = list[Paired](), False, 0, list[float]()
    for _ in range(ROUNDS):
        challenger = cohort.network(following(champion.auc, cohort.rng))
        since.append(cohort.paired(challenger, best))
        gain = since[-1].difference
        drifted = drifted or (champion is not best and has_drifted(since))
        refused = bool(beside_best(gain, cohort.loss(challenger, best), drifted, SETTINGS))
        if not refused:
            champion = challenger
            if is_better(gain):
                best, since, drifted = challenger, [], False
        elif drifted:
            champion = best
        refusals += refused
        path.append(champion.auc)
    return path, refusals


COURSES: dict[str, Next] = {
    "as good as the champion": lambda auc, _: auc,
    "0.85 ± 0.03": lambda _, rng: AUC + 0.03 * float(rng.standard_normal()),
    "always 0.82": lambda *_: AUC - 0.03,
    "always 0.80": lambda *_: AUC - 0.05,
    "0.01 worse than the champion": lambda auc, _: auc - 0.01,
    "0.02 worse than the champion": lambda auc, _: auc - 0.02,
    "0.03 worse than the champion": lambda auc, _: auc - 0.03,
}


def single_rounds(count: int, rng: np.random.Generator) -> Iterator[str]:
    """Yield a line per size, correlation and true loss."""
    yield f"{'mutants/wild types':<20}{'correlation':>12}{'true loss':>11}{'refused':>9}{'stated power':>14}"
    for (mutants, wildtypes), correlation in ((s, c) for s in SIZES for c in CORRELATIONS):
        for loss in (0.0, 0.03, 0.05, LOSS):
            cohorts = (draw(mutants, wildtypes, correlation, rng) for _ in range(count))
            refused, power = comparisons(cohorts, loss)
            yield f"{f'{mutants}/{wildtypes}':<20}{correlation:>12}{-loss:>11.2f}{refused:>9.1%}{power:>14.1%}"


def many_rounds(count: int, rng: np.random.Generator) -> Iterator[str]:
    """Yield a line per size and kind of challengers."""
    yield f"{'mutants/wild types':<20}{'challengers':<30}{'refused':>9}{'loss at the end':>17}{'largest loss':>14}"
    for (mutants, wildtypes), (name, following) in ((s, c) for s in SIZES for c in COURSES.items()):
        paths, refusals = zip(
            *(course(draw(mutants, wildtypes, CORRELATIONS[-1], rng), following) for _ in range(count)), strict=True
        )
        means = AUC - np.mean(paths, axis=0)
        refused = np.sum(refusals) / (count * ROUNDS)
        yield f"{f'{mutants}/{wildtypes}':<20}{name:<30}{refused:>9.1%}{means[-1]:>17.3f}{means.max():>14.3f}"


def below_floor(setting: Setting, count: int) -> float:
    """Return how often the floor alone refuses a network with this true AUC."""
    assessed = (assess(scores, seed) for seed, scores in enumerate(cohorts(setting, count, 1)))
    return float(np.mean([bool(no_signal(performance, SETTINGS)) for performance in assessed]))


def at_floor(count: int) -> Iterator[str]:
    """Yield a line per size and number of repetitions."""
    yield f"{'mutants/wild types':<20}{'repetitions':>12}" + "".join(f"{f'AUC {auc}':>10}" for auc in AUCS_AT_FLOOR)
    for (mutants, wildtypes), repetitions in product(SIZES, REPETITIONS):
        settings = [Setting(mutants, wildtypes, auc, repetitions=repetitions) for auc in AUCS_AT_FLOOR]
        refused = "".join(f"{below_floor(setting, count):>10.1%}" for setting in settings)
        yield f"{f'{mutants}/{wildtypes}':<20}{repetitions:>12}{refused}"


def main(count: int) -> None:
    """Print the three tables.

    Parameters
    ----------
    count
        Simulated comparisons per line of the first table; a fifth of them for the others.
    """
    rng = np.random.default_rng(1)
    sys.stdout.write(f"One comparison with the best champion, AUC {AUC}; {count} cohorts per line\n")
    for line in single_rounds(count, rng):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(
        f"\n{ROUNDS} rounds on one cohort, correlation {CORRELATIONS[-1]}; {count // 5} cohorts per line\n"
    )
    for line in many_rounds(count // 5, rng):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"\nRefused by the floor alone, by true AUC; {count // 5} cohorts per figure\n")
    for line in at_floor(count // 5):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
