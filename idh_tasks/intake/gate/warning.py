"""What the gate reports about an instance that it admits."""

from dataclasses import dataclass

from idh_tasks.codes import Code


@dataclass(frozen=True)
class GateWarning:
    """A value that was dropped or is not kept, with code and reason."""

    code: Code
    reason: str
