"""Tests the tests: mutmut changes the code of six places, and a test must fail for at least 90 % of the changes."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

FLOOR = 0.9
PLACES = (
    "idh_tasks.linkage.idh_rules",
    "idh_tasks.learning.folds",
    "idh_tasks.learning.floor",
    "idh_tasks.learning.gate",
    "idh_tasks.learning.paired",
    "idh_tasks.intake.deidentification",
)
ROOT = Path(__file__).parent.parent
ACCEPTED = Path(__file__).with_name("mutants_accepted.txt")
KILLED = frozenset({"killed", "timeout"})
COUNTER = re.compile(r"__mutmut_\d+$")


@dataclass(frozen=True)
class Mutant:
    """A changed copy of one function, and what the tests said of it."""

    name: str
    status: str

    @property
    def killed(self) -> bool:
        """Return whether a test failed or never ended."""
        return self.status in KILLED


@dataclass(frozen=True)
class Score:
    """How many mutants of a place were killed."""

    place: str
    killed: int
    total: int

    @property
    def share(self) -> float:
        """Return the share of killed mutants; a place without mutants is a mistake in the configuration."""
        return self.killed / self.total if self.total else 0.0


def parse_results(text: str) -> list[Mutant]:
    """Return the mutants that `mutmut results` lists, one `name: status` per line."""
    return [Mutant(*line.strip().split(": ", 1)) for line in text.splitlines() if ": " in line]


def score(place: str, mutants: Iterable[Mutant]) -> Score:
    """Return the score of the mutants of a module or package."""
    here = [mutant for mutant in mutants if mutant.name.startswith(f"{place}.")]
    return Score(place, sum(mutant.killed for mutant in here), len(here))


def parse_accepted(text: str) -> dict[str, str]:
    """Return the accepted survivors with their reasons.

    Blocks are separated by blank lines. A block names a function and its change as `make mutants` prints them; a
    reason (lines that begin with #) holds for all blocks up to the next one.
    """
    reason, accepted = "", {}
    for block in re.split(r"\n\s*\n", text):
        lines = [line.rstrip() for line in block.splitlines() if line.strip()]
        reason = " ".join(line.lstrip("# ") for line in lines if line.startswith("#")) or reason
        change = "\n".join(line for line in lines if not line.startswith("#"))
        if change:
            accepted[change] = reason
    return accepted


def describe(name: str, diff: str) -> str:
    """Return a mutant as its function and the lines that changed: unlike mutmut's numbers, this outlives an edit."""
    function = COUNTER.sub("", name).replace(".x_", ".").replace(".xǁ", ".").replace("ǁ", ".")
    changed = [line for line in diff.splitlines() if re.match(r"[-+](?![-+]{2} )", line)]
    return "\n".join([function, *(f"{line[0]} {line[1:].strip()}" for line in changed)])


def mutmut(*arguments: str) -> str:
    """Run mutmut in the root of the repository and return what it prints; on failure show it and end."""
    done = subprocess.run(  # noqa: S603 - the arguments are ours
        [sys.executable, "-m", "mutmut", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"mutmut {arguments[0]} failed:\n{done.stdout[-5000:]}{done.stderr[-5000:]}")
    return done.stdout


def table(scores: Iterable[Score]) -> Iterator[str]:
    """Yield a line per place."""
    yield f"{'place':<36}{'killed':>8}{'survived':>10}{'total':>8}{'score':>9}"
    for one in scores:
        yield f"{one.place:<36}{one.killed:>8}{one.total - one.killed:>10}{one.total:>8}{one.share:>9.1%}"


def listing(survivors: Set[str], accepted: Mapping[str, str]) -> Iterator[str]:
    """Yield the survivors that are not accepted, and what is accepted but no longer survives."""
    for title, changes in (
        ("Survivors that are not in the list of accepted ones", survivors - accepted.keys()),
        ("Accepted, but killed or gone: take them off the list", accepted.keys() - survivors),
    ):
        yield from ("", f"{title}: {len(changes)}")
        for change in sorted(changes):
            yield from ("", change)


def main() -> None:
    """Run mutmut from scratch, print the scores and the survivors, and fail below the floor."""
    sys.stdout.write("mutmut runs for some ten minutes on two cores …\n")
    sys.stdout.flush()
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    mutmut("run")
    mutants = parse_results(mutmut("results", "--all", "true"))
    survivors = {describe(mutant.name, mutmut("show", mutant.name)) for mutant in mutants if not mutant.killed}
    scores = [score(place, mutants) for place in PLACES]
    lines = (*table(scores), *listing(survivors, parse_accepted(ACCEPTED.read_text())))
    sys.stdout.write("\n".join(lines) + "\n")
    if any(one.share < FLOOR for one in scores):
        sys.exit(f"At least one place is below {FLOOR:.0%}: add tests that fail for its survivors")


if __name__ == "__main__":
    main()
