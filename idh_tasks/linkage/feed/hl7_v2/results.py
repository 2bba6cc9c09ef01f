"""The observations of a report: pieces of one text joined, withdrawn ones gone, contradictions marked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from idh_tasks.linkage.feed.hl7_v2 import texts
from idh_tasks.linkage.feed.hl7_v2.held import hold
from idh_tasks.linkage.feed.hl7_v2.orders import Order, Result
from idh_tasks.linkage.feed.hl7_v2.times import read_day
from idh_tasks.linkage.feed.observations import Observation, ObservationKind, ObservationState, observation_kind

FINAL, PENDING = ("F", "C", "U"), ("I", "P", "S")
FINAL_ORDER, CANCELLED_ORDER = ("F", "C"), ("X", "Y", "Z")


@dataclass(frozen=True)
class Piece:
    """A result of an order with its state; `group` tells apart different results under one code."""

    result: Result
    state: ObservationState
    group: tuple[int, str]

    @property
    def name(self) -> str:
        """Return the name of the observation."""
        return texts.method_name(self.result.observation)

    @property
    def lines(self) -> list[str]:
        """Return the lines of its text."""
        return texts.pieces(self.result)


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

    A result without a code is as final as its order (OBR-25), and one of a cancelled order is withdrawn.
    """
    if order_status in CANCELLED_ORDER:
        return ObservationState.WITHDRAWN
    if code in FINAL or (not code and order_status in FINAL_ORDER):
        return ObservationState.FINAL
    return ObservationState.PENDING if code in ("", *PENDING) else ObservationState.WITHDRAWN


def _pieces(orders: Sequence[Order]) -> Iterator[Piece]:
    for number, order in enumerate(orders):
        for result in order.results:
            if not texts.method_name(result.observation):
                hold("a result has no name (OBX-3)", result.observation.line)
            state = observation_state(result.observation.text(11), order.status)
            yield Piece(result, state, (number, result.observation.text(4)))


def _by_code(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces of each observation: those with one code (OBX-3), unless its text names another one.

    A further line may have another text, such as 'comment'; a code may also stand for several tests with own texts.
    """
    names: dict[str, str] = {}
    found: dict[tuple[str, str], list[Piece]] = {}
    for piece in pieces:
        code, text = (piece.result.observation.text(3, number) for number in (1, 2))
        if code not in names or observation_kind(text) is not ObservationKind.OTHER:
            names[code] = text
        found.setdefault((code, names[code]), []).append(piece)
    return list(found.values())


def _observation(pieces: Sequence[Piece]) -> Observation | None:
    counted = [piece for piece in pieces if piece.state is not ObservationState.WITHDRAWN]
    kind = observation_kind(pieces[0].name)
    if not counted or kind is ObservationKind.OTHER:
        return None
    if any(piece.state is ObservationState.PENDING for piece in counted):
        return Observation(_name(counted), "", ObservationState.PENDING)
    if kind is ObservationKind.SURGERY:
        return Observation(_name(counted), _days(counted))
    withdrawn = [piece.lines for piece in pieces if piece.state is ObservationState.WITHDRAWN]
    contradicted = any(piece.lines and piece.lines in withdrawn for piece in counted)
    text = _diagnosis(counted) if kind is ObservationKind.DIAGNOSIS else _assay(counted)
    return Observation(_name(counted), f"{text} {texts.DOUBT}" if contradicted else text)


def _name(pieces: Sequence[Piece]) -> str:
    """Return the name with the method (OBX-17) that the sender states, so that it is read as well."""
    stated = [value.component(2) or value.component(1) for p in pieces for value in p.result.observation.values(17)]
    return " ".join(filter(None, (pieces[0].name, *dict.fromkeys(stated))))


def _days(pieces: Sequence[Piece]) -> str:
    """Return the different days, joined; a comment makes a date no date."""
    days = [read_day(value) for piece in pieces for value in piece.result.observation.values(5)]
    comments = [value.text for p in pieces for comment in p.result.comments for value in comment.values(3)]
    return "; ".join(filter(None, dict.fromkeys([*(f"{day}" for day in days if day), *comments])))


def _grouped(pieces: Sequence[Piece]) -> list[list[str]]:
    groups: dict[tuple[int, str], list[str]] = {}
    for piece in pieces:
        groups.setdefault(piece.group, []).extend(piece.lines)
    return list(groups.values())


def _diagnosis(pieces: Sequence[Piece]) -> str:
    """Return the joined diagnosis; one that is partly a document is not known."""
    return texts.joined(_grouped(pieces), " ") if all(texts.is_text(piece.result) for piece in pieces) else ""


def _assay(pieces: Sequence[Piece]) -> str:
    groups = _grouped(pieces)
    if not all(texts.is_text(piece.result) for piece in pieces):
        return f"document {texts.DOUBT}"
    lines = [line for group in groups for line in group]
    flags = [flag for piece in pieces for flag in texts.flags(piece.result)]
    if not lines:
        return ""
    codes = [code for piece in pieces for code in texts.codes(piece.result)]
    return texts.with_doubts(texts.joined(groups, "; "), [*lines, *codes, texts.joined(groups, " ")], flags)
