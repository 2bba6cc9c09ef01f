"""The observations of a report: pieces of one text joined, withdrawn ones gone, contradictions marked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from idh_tasks.linkage.feed.hl7_v2 import texts
from idh_tasks.linkage.feed.hl7_v2.fields import Segment
from idh_tasks.linkage.feed.hl7_v2.held import hold
from idh_tasks.linkage.feed.hl7_v2.names import full_name, method_words
from idh_tasks.linkage.feed.hl7_v2.orders import Order, Result
from idh_tasks.linkage.feed.hl7_v2.times import read_day
from idh_tasks.linkage.feed.observations import (
    ASSAY,
    COMMENT,
    MISTAKE,
    Observation,
    ObservationKind,
    ObservationState,
    observation_kind,
)

FINAL, PENDING = ("F", "C", "U"), ("I", "P", "S")
FINAL_ORDER = ("F", "C")


@dataclass(frozen=True)
class Piece:
    """A result of an order with its state."""

    result: Result
    state: ObservationState

    @property
    def observation(self) -> Segment:
        """Return the OBX."""
        return self.result.observation

    @property
    def lines(self) -> list[str]:
        """Return the lines of its text."""
        return texts.lines(self.result)


def read_observations(orders: Sequence[Order]) -> list[Observation]:
    """Return the observations of the orders of one report.

    Raises
    ------
    ValueError
        If a date of surgery is impossible.
    FileHeldError
        ``E_FEED_FORMAT`` with the line, if a result has no name: it may continue the one before.
    """
    read = [_observation(pieces) for pieces in _by_code(list(_pieces(orders)))]
    return [observation for observation in read if observation is not None]


def observation_state(code: str, order_status: str) -> ObservationState:
    """Return the state for a code of table 0085; an unknown code counts as withdrawn.

    A result without a code is as final as its order (OBR-25).
    """
    if code in FINAL or (not code and order_status in FINAL_ORDER):
        return ObservationState.FINAL
    return ObservationState.PENDING if code in ("", *PENDING) else ObservationState.WITHDRAWN


def _pieces(orders: Sequence[Order]) -> Iterator[Piece]:
    for order in orders:
        for result in order.results:
            if full_name(result.observation):
                yield Piece(result, observation_state(result.observation.text(11), order.status))
            elif texts.lines(result):
                hold("a result has no name (OBX-3)", result.observation.line)


def _by_code(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces of each observation: those with one code (OBX-3), unless its text names another one.

    A further line may have another text, such as 'comment'; a code may also stand for several tests with own texts.
    """
    names: dict[str, str] = {}
    found: dict[tuple[str, str], list[Piece]] = {}
    for piece in pieces:
        code, text = (piece.observation.text(3, number) for number in (1, 2))
        if code not in names or observation_kind(text) is not ObservationKind.OTHER:
            names[code] = text
        found.setdefault((code, names[code]), []).append(piece)
    return list(found.values())


def _observation(pieces: Sequence[Piece]) -> Observation | None:
    counted = [piece for piece in pieces if piece.state is not ObservationState.WITHDRAWN]
    name = full_name(pieces[0].observation)
    kind = observation_kind(name)
    if not counted:
        return None
    if kind is ObservationKind.OTHER:
        return _comment(name, [piece for piece in counted if piece.state is ObservationState.FINAL])
    name = method_words([piece.observation for piece in counted]) if kind is ObservationKind.ASSAY else name
    if any(piece.state is ObservationState.PENDING for piece in counted):
        return Observation(name, "", ObservationState.PENDING)
    if kind is ObservationKind.SURGERY:
        return Observation(name, _days(counted))
    text = _diagnosis(counted) if kind is ObservationKind.DIAGNOSIS else _assay(name, counted)
    withdrawn = [piece.lines for piece in pieces if piece.state is ObservationState.WITHDRAWN]
    contradicted = any(piece.lines and piece.lines in withdrawn for piece in counted)
    return Observation(name, f"{text} {texts.DOUBT}" if contradicted else text)


def _comment(name: str, pieces: Sequence[Piece]) -> Observation | None:
    """Return a comment in an OBX of its own as a test without a method if it speaks of the genes or of a mistake.

    The grammar then decides whether it agrees with the results, or must be shown to a person.
    """
    text = "\n".join(line for piece in pieces if texts.is_text(piece.result) for line in piece.lines)
    is_about_results = COMMENT.search(name) and (ASSAY.search(text) or MISTAKE.search(text))
    return Observation("IDH", text) if is_about_results else None


def _days(pieces: Sequence[Piece]) -> str:
    """Return the different days, joined; a comment on a date makes it no date, one on the whole order does not."""
    days = [read_day(value) for piece in pieces for value in piece.observation.values(5)]
    comments = [value.text for p in pieces for comment in p.result.own_comments for value in comment.values(3)]
    return "; ".join(filter(None, dict.fromkeys([*(f"{day}" for day in days if day), *comments])))


def _diagnosis(pieces: Sequence[Piece]) -> str:
    """Return the joined diagnosis; one that is partly a document is not known."""
    if not all(texts.is_text(piece.result) for piece in pieces):
        return ""
    return "\n".join(line for piece in pieces for line in piece.lines)


def _assay(name: str, pieces: Sequence[Piece]) -> str:
    """Return the text of a test; whether a line break separates two statements is for the grammar to decide."""
    if not all(texts.is_text(piece.result) for piece in pieces):
        return f"document {texts.DOUBT}"
    text = "\n".join(line for piece in pieces for line in piece.lines)
    codes = [code for piece in pieces for code in texts.codes(piece.result)]
    flags = [flag for piece in pieces for flag in texts.flags(piece.result)]
    return texts.with_doubts(name, text, codes, flags) if text else ""
