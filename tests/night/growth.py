"""How what a night costs grows with history, where its work is the same."""

from math import log

from tests.night.past import fill
from tests.night.server import Cost, Server, own_server
from tests.night.steps import arriving

IDLE = ("discover", "link cases", "preprocess: due", "predict: due", "write documents")
"""Steps that are measured with nothing to do as well."""
MOST = 2
"""How many times as much a step may read with ten times the history."""


def costs(studies: int, new: int) -> dict[str, Cost]:
    """Return what each step of a night with so many new studies costs, with so many on record."""
    with own_server() as server:
        fill(server, studies)
        idle = measured(server, [])
        return {f"{name}, idle": idle[name] for name in IDLE} | measured(server, [f"new{n}" for n in range(new)])


def measured(server: Server, numbers: list[str]) -> dict[str, Cost]:
    """Run a night, and return what each step costs."""
    return {step.name: server.cost(step.run) for step in arriving(server, numbers)}


def has_grown(few: Cost, many: Cost) -> bool:
    """Return whether a step reads more than the deeper indexes of ten times the history explain."""
    return many.blocks > MOST * few.blocks


def exponent(few: float, many: float, times: float) -> float:
    """Return e where something grows as the e-th power of history, of which there was so many times as much."""
    return log(max(many, 1e-9) / max(few, 1e-9)) / log(times)
