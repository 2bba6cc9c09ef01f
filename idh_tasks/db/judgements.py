"""What was judged about the networks of a run, and what was decided about them."""

from dataclasses import dataclass
from enum import StrEnum

from idh_tasks.db.engine import Transaction
from idh_tasks.domain.learning import RuleOff
from idh_tasks.domain.sequence import MrSequence


class Decision(StrEnum):
    """What became of a network that may be promoted."""

    APPROVED = "approved"
    NOT_APPROVED = "not approved"


@dataclass(frozen=True)
class Verdict:
    """What was judged about one network.

    Parameters
    ----------
    champion_id
        The champion that the network was compared with, or None.
    verdict
        In words.
    compared, changed, relabelled
        Patients whom both networks have scored; those of them who are predicted otherwise; those whose label has
        changed since the champion was trained.
    best_id
        The best champion so far, with which it was compared.
    better
        Whether it is better than that beyond chance.
    drifted
        Whether the networks since the best champion are worse than it on average.
    restores_id
        The best champion so far, if it is proposed again in place of the present one.
    switched_off
        The rules that could not refuse it.
    """

    sequence: MrSequence
    champion_id: str | None
    accepted: bool
    verdict: str
    compared: int
    changed: int
    relabelled: int
    best_id: str | None = None
    better: bool = False
    drifted: bool = False
    restores_id: str | None = None
    switched_off: tuple[RuleOff, ...] = ()


@dataclass(frozen=True)
class BestChampion:
    """The champion by which the networks of a sequence are measured."""

    model_id: str
    run_id: str


@dataclass(frozen=True)
class Round:
    """A network that was compared with the best champion so far, and whether those since then had drifted from it."""

    run_id: str
    drifted: bool


@dataclass(frozen=True)
class LockedLooks:
    """How many other runs were judged on the locked test set within a year, and whether this one was at any time."""

    others: int
    looked: bool


def save(transaction: Transaction, run_id: str, verdict: Verdict, digest: str) -> None:
    """Store a verdict; that of another judgement of the same network is replaced, with what was decided about it."""
    values = vars(verdict) | {"switched_off": list(verdict.switched_off)}
    transaction.run("judgements/upsert_judgement", run_id=run_id, digest=digest, **values)


def decide(
    transaction: Transaction, run_id: str, sequence: MrSequence, decision: Decision, actor: str, comment: str
) -> bool:
    """Store what was decided about a network; return whether that is new."""
    values = {"run_id": run_id, "sequence": sequence, "decision": decision, "actor": actor, "comment": comment}
    return transaction.run("judgements/update_decision", **values) > 0


def best_champion(transaction: Transaction, sequence: MrSequence) -> BestChampion | None:
    """Return the best champion of a sequence so far, or None if there is no champion.

    It stays the same until a champion is better beyond chance, so that many small losses do not add up.
    """
    return transaction.first(BestChampion, "judgements/select_best_champion", sequence=sequence)


def rounds(transaction: Transaction, sequence: MrSequence, best_id: str, run_id: str) -> list[Round]:
    """Return the networks of other runs that were compared with the best champion so far."""
    values = {"sequence": sequence, "best_id": best_id, "run_id": run_id}
    return transaction.all(Round, "judgements/select_rounds", **values)


def look(transaction: Transaction, run_id: str) -> None:
    """Count a run as judged on the locked test set."""
    transaction.run("judgements/insert_locked_look", run_id=run_id)


def locked_looks(transaction: Transaction, run_id: str = "") -> LockedLooks:
    """Return how often the locked test set was looked at: for a run and for others, or by default for all."""
    [looks] = transaction.all(LockedLooks, "judgements/select_locked_looks", run_id=run_id)
    return looks
