"""Counts caught leaks and false alarms: `python -m tools.leak_report [CLEAN [PLANTED [SEED]]]`.

Take a seed that nothing was tuned on. Interrupted, it has printed what it has.
"""

import sys

import numpy as np
from scipy.stats import binomtest

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError
from idh_tasks.learning.leak_checks import controls, leak_checks
from idh_tasks.learning.leakage import check_disjoint, check_unique
from tools.leak_cohorts import LEAKS, Cohort, cohort

PAPER = (100, 17)
"""Patients and mutants of cohorts with a leak."""
SMALLER = (60, 12)
"""The same of cohorts without one."""


def findings(of: Cohort, seed: int) -> list[str]:
    """Return the refusal of a cohort, or the controls that predict its labels."""
    try:
        check_disjoint(of.data.folds)
        check_unique(of.data.patches)
    except RunRefusedError as error:
        return [str(error.code)]
    checks = controls(of.data, of.acquisition, seed)
    return [f"{check.code} ({check.name})" for check in checks if check.code is not None]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def missed(planted: int, seed: int) -> int:
    """Print how many cohorts with each leak are caught; return how many are not."""
    total = 0
    for name, leak in LEAKS.items():
        leaky = [leak(cohort(seed + n, *PAPER), np.random.default_rng([seed, n])) for n in range(planted)]
        found = [findings(one, seed) for one in leaky]
        total += found.count([])
        words = ", ".join(sorted({word for one in found for word in one}))
        _say(f"{name:45} {planted - found.count([]):3} of {planted} caught: {words}")
    return total


def false_alarms(count: int, seed: int) -> int:
    """Print and return in how many cohorts without a leak something is found."""
    found = 0
    for number in range(count):
        said = findings(cohort(seed + number, *SMALLER), seed)
        found += bool(said)
        if said:
            _say(f"false alarm in cohort {number}: {', '.join(said)}")
    high = binomtest(found, count).proportion_ci(method="exact").high
    _say(f"without a leak: {found} false alarms in {count} cohorts (at most {high:.1%} with 95 % confidence)")
    return found


def blind(count: int, seed: int) -> None:
    """Print in how many cohorts a check does not find the leak that it plants itself."""
    clean = [cohort(seed + number, *SMALLER) for number in range(count)]
    checks = [leak_checks(one.data, one.acquisition, seed) for one in clean]
    unseen = sum(any(check.code is Code.W_LEAK_BLIND for check in own) for own in checks)
    _say(f"without a leak: the checks say in {unseen} of {count} cohorts that they are blind")


def main(arguments: list[str]) -> int:
    """Print a line per kind of leak and two about cohorts without; return 1 if leaks are missed or alarms too many."""
    count, planted, seed = (int(value) for value in (*arguments, *("200", "10", "5000")[len(arguments) :]))
    alarms = false_alarms(count, seed + 1000)
    blind(planted, seed + 2000)
    return int(missed(planted, seed) > 0 or alarms > 0.01 * count)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
