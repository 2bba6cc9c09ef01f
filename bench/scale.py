"""What a night of constant work costs in the database with 10,000 and 100,000 studies on record, step by step.

It fails if a step reads more than twice as much with ten times the history. A million takes about 18 GB of disk:
`python bench/scale.py --studies 100000 1000000 --new 1000`.
"""

import argparse
import sys

from tests.night.growth import CONTROL, costs, exponent, grown
from tests.night.server import Cost

STUDIES = (10_000, 100_000)
NEW = 1_000
HEADER = (
    "| step | CPU s | elapsed s | blocks read | exponent of CPU | of blocks |\n| --- | --- | --- | --- | --- | --- |"
)


def main() -> None:
    """Measure a night with each history, and print a row per step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, nargs=2, default=STUDIES, help="on record")
    parser.add_argument("--new", type=int, default=NEW, help="studies that arrive in the night")
    options = parser.parse_args()
    few, many = (costs(studies, options.new) for studies in options.studies)
    times = options.studies[1] / options.studies[0]
    print(HEADER)
    for name in few:
        print(row(name, few[name], many[name], times))
    print(row("all steps", total(few), total(many), times))
    if names := grown(few, many):
        sys.exit(f"more than twice as much is read by: {', '.join(sorted(names))}")


def row(name: str, few: Cost, many: Cost, times: float) -> str:
    """Return a row of the table."""
    cpu, blocks = exponent(few.cpu_s, many.cpu_s, times), exponent(few.blocks, many.blocks, times)
    return (
        f"| {name} | {few.cpu_s:.2f} → {many.cpu_s:.2f} | {few.seconds:.2f} → {many.seconds:.2f} "
        f"| {few.blocks:,} → {many.blocks:,} | {cpu:.2f} | {blocks:.2f} |"
    )


def total(costs: dict[str, Cost]) -> Cost:
    """Return what all steps cost together, without the control."""
    parts = [cost for name, cost in costs.items() if name != CONTROL]
    return Cost(sum(c.cpu_s for c in parts), sum(c.seconds for c in parts), sum(c.blocks for c in parts))


if __name__ == "__main__":
    main()
