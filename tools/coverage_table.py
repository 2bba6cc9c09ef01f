"""Prints line and branch coverage by package, from what `coverage json` reports on standard input."""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

DEPTH = 2
"""Folders that make a package: idh_tasks/intake, plugins/idh_airflow."""


def by_package(files: Mapping[str, Any]) -> dict[str, Counter[str]]:
    """Return the counts of coverage.py added up by package."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for path, file in files.items():
        counts["/".join(path.split("/")[:-1][:DEPTH])].update(
            {name: number for name, number in file["summary"].items() if isinstance(number, int)}
        )
    return dict(counts)


def table(counts: Mapping[str, Mapping[str, int]]) -> Iterable[str]:
    """Yield a line per package with the shares of lines and branches that were run."""
    yield f"{'package':<28}{'lines':>9}{'branches':>10}"
    for package, count in sorted(counts.items()):
        lines = _share(count["covered_lines"], count["num_statements"])
        yield f"{package:<28}{lines:>9}{_share(count['covered_branches'], count['num_branches']):>10}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


if __name__ == "__main__":
    sys.stdout.write("\n".join(table(by_package(json.load(sys.stdin)["files"]))) + "\n")
