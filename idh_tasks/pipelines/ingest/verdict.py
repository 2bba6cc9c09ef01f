"""What the counts of a night mean: in order, tolerated with a warning, or red. Pure functions of counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from idh_tasks.codes import Code
from idh_tasks.db.inbox import FailedCount
from idh_tasks.db.nights import NightBalance


class NightEnd(TypedDict):
    """How a night went: new studies, what is tolerated, and the code and reason if it is red; without an identifier."""

    studies: int
    warning: str
    refused: str
    reason: str


@dataclass(frozen=True)
class SourceEnd:
    """How the night of one source went.

    Parameters
    ----------
    tried
        Deliveries that were to be ingested.
    failed
        Those of them without an outcome.
    waiting
        Deliveries that failed in earlier nights and are tried again in a later one.
    tolerance
        Share of `tried` that may fail for the first time. What fails again was judged in its first night.
    """

    balance: NightBalance
    tried: int
    failed: tuple[FailedCount, ...] = ()
    waiting: int = 0
    tolerance: float = 0
    incomplete: str = ""
    reasons: Counter[str] = field(default_factory=Counter)
    suspicious: bool = False

    @property
    def first_failures(self) -> int:
        """Return how many deliveries have no outcome and had not failed in an earlier night."""
        return sum(one.items - one.repeated for one in self.failed)

    @property
    def is_tolerated(self) -> bool:
        """Return whether no more deliveries failed for the first time than may."""
        return self.first_failures <= self.tolerance * self.tried

    @property
    def flag(self) -> Code | None:
        """Return the code of what is not in order, the gravest first."""
        if self.suspicious:
            return Code.E_EMPTY_SUSPECT
        if self.incomplete:
            return Code.E_QUERY_TRUNCATED
        if not self.is_tolerated:
            return Code.E_RECONCILE
        return Code.W_TOLERATED if self.balance.failed else None

    @property
    def reason(self) -> str:
        """Return what is not in order, in words; empty if everything is."""
        return "; ".join(filter(None, (self.incomplete, self._failures())))

    @property
    def sentence(self) -> str:
        """Return the balance in words."""
        counts = {
            name: count for name, count in vars(self.balance).items() if name not in ("source", "found") and count
        }
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        return f"{self.balance.source}: {self.balance.found} found{f', of which {told}' if told else ''}"

    def _failures(self) -> str:
        """Return how many of how many have no outcome, why, and how many of them not for the first time."""
        if not self.balance.failed:
            return ""
        causes = [f"{one.items} {one.code or 'not reached'}" for one in self.failed]
        causes += [f"{self.waiting} waiting for a later night"] if self.waiting else []
        repeated = sum(one.repeated for one in self.failed)
        again = f"; {repeated} of them failed before" if repeated else ""
        return f"{self.balance.failed} without an outcome ({', '.join(causes)}), {self.tried} tried{again}"


def night_end(ends: Sequence[SourceEnd], unreachable: Mapping[str, str]) -> NightEnd:
    """Return how a night went, over all sources."""
    faults = [f"{source} could not be listed ({reason})" for source, reason in unreachable.items()]
    faults += [_named(end) for end in ends if end.flag in (Code.E_RECONCILE, Code.E_QUERY_TRUNCATED)]
    suspects = [end.balance.source for end in ends if end.suspicious]
    refused, reason = "", ""
    if faults:
        refused, reason = Code.E_RECONCILE.value, "; ".join(faults)
    elif suspects:
        refused = Code.E_EMPTY_SUSPECT.value
        reason = f"{', '.join(suspects)} listed no studies, which is unusual; check the source"
    warning = "; ".join(_named(end) for end in ends if end.flag is Code.W_TOLERATED)
    return NightEnd(studies=sum(end.balance.new for end in ends), warning=warning, refused=refused, reason=reason)


def _named(end: SourceEnd) -> str:
    return f"{end.balance.source}: {end.reason}"
