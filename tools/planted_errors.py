"""Plants errors in synthetic studies and prints how each was caught: `make planted`, `make planted KINDS=coverage`.

An error is caught if the series or study is refused by a code, if a person is asked, if the result carries a flag that
the study does not have without the error, or if what comes out is the same as without it. Everything else is wrong in
silence, and is named. Right studies show how often nothing is wrong and the study is refused nevertheless.
"""

import argparse
import os
import sys
import warnings
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from tools.planted import coverage, diffusion, dynamic, geometry, order, patient, right, scale, structures
from tools.planted.case import Kind, Outcome, Verdict, judge
from tools.planted.study import SEED, STUDIES, study

ERRORS, JOBS = 500, min(2, len(os.sched_getaffinity(0)))
KINDS = (
    *geometry.KINDS,
    *order.KINDS,
    *dynamic.KINDS,
    *diffusion.ORDER,
    *scale.KINDS,
    *diffusion.SCALE,
    *coverage.KINDS,
    *patient.KINDS,
    *structures.KINDS,
)
RIGHT_SHARE = 5
"""One right study for so many errors."""


@dataclass(frozen=True)
class Planted:
    """One error by its kind and its number, from which it is drawn."""

    kind: Kind
    number: int

    def verdict(self) -> Verdict:
        """Plant the error and judge what becomes of it."""
        rng = np.random.default_rng([SEED, zlib.crc32(self.kind.name.encode()), self.number])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numbers that are no numbers are planted on purpose
            return judge(self.kind.plant(study(int(rng.integers(STUDIES))), rng))

    @property
    def name(self) -> str:
        """Return a name by which the error can be planted again."""
        return f"{self.kind.group}: {self.kind.name} ({self.number})"


def planted(errors: int, kinds: Sequence[Kind] = KINDS, first: int = 0) -> list[Planted]:
    """Return so many errors, equally from all groups, and in each group equally of all kinds, numbered from `first`."""
    groups: dict[str, list[Kind]] = defaultdict(list)
    for kind in kinds:
        groups[kind.group].append(kind)
    each = -(-errors // len(groups))
    found = [Planted(own[n % len(own)], first + n) for n in range(each) for own in groups.values()]
    return found[:errors]


def right_studies(errors: int, first: int = 0) -> list[Planted]:
    """Return right studies, of all kinds equally."""
    return planted(-(-errors // RIGHT_SHARE), right.KINDS, first)


Judged = tuple[Planted, Verdict]
COLUMNS = tuple(Outcome)


def table(judged: Sequence[Judged]) -> Iterator[str]:
    """Yield a line per kind, in the order of groups."""
    yield f"{'group':9}{'kind':34}{'planted':>8}" + "".join(f"{outcome:>9}" for outcome in COLUMNS) + "  codes"
    kinds = dict.fromkeys(one.kind for one, _ in sorted(judged, key=lambda pair: pair[0].kind.group))
    for kind in kinds:
        verdicts = [verdict for one, verdict in judged if one.kind == kind]
        count = Counter(verdict.outcome for verdict in verdicts)
        codes = Counter(verdict.detail for verdict in verdicts if verdict.detail)
        counts = "".join(f"{count[outcome]:9}" for outcome in COLUMNS)
        listed = ", ".join(f"{code} {n}" for code, n in codes.most_common())
        yield f"{kind.group:9}{kind.name:34}{len(verdicts):8}{counts}  {listed}".rstrip()


def report(errors: int, kinds: Sequence[Kind], first: int = 0, jobs: int = JOBS) -> Iterator[str]:
    """Plant this many errors of these kinds and yield the lines of the report."""
    all_of_them = [*planted(errors, kinds, first), *right_studies(errors, first)]
    verdicts = Parallel(n_jobs=jobs)(delayed(Planted.verdict)(one) for one in all_of_them)
    judged = list(zip(all_of_them, verdicts, strict=True))
    wrong = [pair for pair in judged if pair[0].kind.group != "right"]
    fine = [pair for pair in judged if pair[0].kind.group == "right"]
    yield "Synthetic studies: what became of each planted error"
    yield from table(wrong)
    missed = [one.name for one, verdict in wrong if verdict.outcome is Outcome.MISSED]
    yield f"{len(wrong) - len(missed)} of {len(wrong)} caught"
    yield from (f"missed: {name}" for name in missed)
    yield "Right studies: 'repaired' means that they were used as they are"
    yield from table(fine)
    refused = [f"{one.name} {verdict.detail}" for one, verdict in fine if verdict.outcome is not Outcome.REPAIRED]
    yield f"{len(refused)} of {len(fine)} refused or wrong"
    yield from (f"refused or wrong: {name}" for name in refused)


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(description="Plants errors in synthetic studies, and prints how each was caught.")
    parser.add_argument("--errors", type=int, default=ERRORS, help="how many errors are planted")
    parser.add_argument("--kinds", default="", help="only kinds whose group or name contains this text")
    parser.add_argument("--first", type=int, default=0, help="number of the first error; others are drawn differently")
    parser.add_argument("--jobs", type=int, default=JOBS, help="number of processes")
    arguments = parser.parse_args()
    kinds = [kind for kind in KINDS if arguments.kinds in f"{kind.group} {kind.name}"]
    if not kinds:
        parser.error("no kind of error has such a name")
    for line in report(arguments.errors, kinds, arguments.first, arguments.jobs):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
