"""How what a night costs grows with history, where its work is the same."""

from collections.abc import Collection
from math import log

from tests.night.past import fill
from tests.night.server import Cost, Server, own_server
from tests.night.steps import arriving

IDLE = ("discover", "reconcile", "link cases", "preprocess: due", "predict: due", "predict", "write documents")
"""Steps that are also run, and measured, in a night in which nothing arrives."""
CONTROL = "control: every patch"
"""No step of a night: it reads all of history, which a measurement must notice."""
MOST = 2
"""How many times as much a step may read with ten times the history: indexes are deeper."""
SLACK = 200
"""Blocks: what is read as a whole while it is small is read by index later."""


def costs(studies: int, new: int) -> dict[str, Cost]:
    """Return what each step of a night with so many new studies costs, with so many on record, and the control."""
    with own_server() as server:
        fill(server, studies)
        control = server.cost(lambda: server.execute("SELECT max(object_key) FROM idh.patch"))
        idle = measured(server, [], IDLE)
        arrived = measured(server, [f"new{number}" for number in range(new)])
    return {CONTROL: control, **{f"{name}, idle": cost for name, cost in idle.items()}, **arrived}


def measured(server: Server, numbers: list[str], names: Collection[str] = ()) -> dict[str, Cost]:
    """Run the steps of a night with these names, or all of them, and return what each costs."""
    steps = (step for step in arriving(server, numbers) if not names or step.name in names)
    return {step.name: server.cost(step.run) for step in steps}


def grown(few: dict[str, Cost], many: dict[str, Cost]) -> set[str]:
    """Return the steps that read more than twice as much with ten times the history.

    Raises
    ------
    AssertionError
        If the control is not one of them: then nothing was measured.
    """
    names = {name for name in few if many[name].blocks > MOST * few[name].blocks + SLACK}
    if CONTROL not in names:
        raise AssertionError("the control reads all of history, and was not noticed")
    return names - {CONTROL}


def exponent(few: float, many: float, times: float) -> float:
    """Return e where a cost grows as the e-th power of history, of which there was so many times as much."""
    return log(many / few) / log(times) if few and many else 0.0
