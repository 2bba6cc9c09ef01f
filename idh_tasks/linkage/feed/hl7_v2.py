"""HL7 version 2: results (ORU^R01), merges (ADT^A40) and their reversal (ADT^A37, unlink)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import hl7

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import FeedContent, MergeNotice
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.observations import Observation, ObservationState, report_rows
from idh_tasks.linkage.feed.rows import read_rows

FINAL, PENDING = ("F", "C", "U", ""), ("I", "P", "S")
RESULT, MERGE, UNLINK = "ORU^R01", "ADT^A40", "ADT^A37"


def read_hl7(content: bytes, issuer: str = "") -> FeedContent:
    """Read a file of one or more messages.

    Raises
    ------
    RunRefusedError
        ``E_FEED_FORMAT`` if it has no message or a message of an unsupported type, ``E_ISSUER`` if a merge does
        not state a single issuer.
    """
    rows: list[dict[str, object]] = []
    merges: list[MergeNotice] = []
    for message in _messages(content):
        kind = "^".join(_text(message["MSH"][0], 9).split("^")[:2])
        if kind == RESULT:
            rows.extend(_rows(message))
        elif kind in (MERGE, UNLINK):
            merges.append(_merge(message, issuer, undone=kind == UNLINK))
        else:
            raise RunRefusedError(Code.E_FEED_FORMAT, "a message is none of ORU^R01, ADT^A40 and ADT^A37")
    return replace(read_rows(rows, issuer), merges=tuple(merges))


def _messages(content: bytes) -> Iterator[hl7.Message]:
    text = content.decode("utf-8", errors="replace").replace("\r\n", "\r").replace("\n", "\r").strip("\x0b\x1c\r ")
    parts = [part for part in re.split(r"[\x0b\x1c\r]*(?=^MSH\|)", text, flags=re.MULTILINE) if part.strip()]
    parts = [part for chunk in parts for part in re.split(r"\r(?=MSH\|)", chunk)]
    if not parts:
        raise RunRefusedError(Code.E_FEED_FORMAT, "the file does not contain an HL7 message")
    for part in parts:
        try:
            yield hl7.parse(part.strip("\x0b\x1c\r") + "\r")
        except Exception:  # the parser raises many types, some quoting the message
            raise RunRefusedError(Code.E_FEED_FORMAT, "the file is not valid HL7 version 2") from None


def _text(segment: hl7.Segment, field: int, component: int | None = None) -> str:
    """Return a field, or one component of its first repetition."""
    if field >= len(segment):
        return ""
    first = str(segment[field]).split("~")[0]
    if component is None:
        return first
    parts = first.split("^")
    return parts[component - 1] if component <= len(parts) else ""


def _identifier(segment: hl7.Segment, field: int) -> tuple[str, str]:
    """Return issuer and identifier of a CX (HL7 2A.14); the issuer is the authority's name or universal id."""
    authority = _text(segment, field, 4).split("&")
    return next((part for part in authority if part), ""), _text(segment, field, 1)


def _rows(message: hl7.Message) -> Iterator[dict[str, object]]:
    """Yield the rows of a result message: each order (OBR) is a report, and its observations (OBX) are assays."""
    patient = _patient(message["PID"][0])
    order: hl7.Segment | None = None
    observations: list[Observation] = []
    for segment in message:
        kind = str(segment[0])
        if kind == "OBR":
            if order is not None:
                yield from report_rows(patient | _report(message, order), observations)
            order, observations = segment, []
        elif kind == "OBX":
            observations.append(_observation(segment))
    if order is not None:
        yield from report_rows(patient | _report(message, order), observations)


def _patient(segment: hl7.Segment) -> dict[str, object]:
    issuer, identifier = _identifier(segment, 3)
    birth_date, sex = _text(segment, 7)[:8], _text(segment, 8)
    return {"issuer": issuer, "patient_id": identifier, "birth_date": birth_date, "sex": sex}


def _observation(segment: hl7.Segment) -> Observation:
    name = f"{_text(segment, 3, 1)} {_text(segment, 3, 2)} {_text(segment, 3, 5)}".strip()
    value = _text(segment, 5, 2) or _text(segment, 5, 1)
    return Observation(name, value, _state(_text(segment, 11)))


def _state(status: str) -> ObservationState:
    """Return the state for a code of HL7 table 0085; an unknown code counts as withdrawn."""
    if status in FINAL:
        return ObservationState.FINAL
    return ObservationState.PENDING if status in PENDING else ObservationState.WITHDRAWN


def _report(message: hl7.Message, order: hl7.Segment) -> dict[str, object]:
    changed = re.sub(r"\D", "", _text(order, 22) or _text(message["MSH"][0], 7))[:14]
    return {
        "report_id": _text(order, 3, 1) or _text(order, 2, 1),
        "version": changed.ljust(14, "0") if changed else "",
        "report_status": _text(order, 25),
        "specimen_date": _text(order, 7)[:8],
        "specimen": next((_text(segment, 2, 1) for segment in message if str(segment[0]) == "SPM"), ""),
    }


def _merge(message: hl7.Message, issuer: str, *, undone: bool) -> MergeNotice:
    """Read a merge of MRG-1 into PID-3 (HL7 3.3.40); an unlink separates the second PID from the first."""
    patients = message.segments("PID")
    stated, surviving = _identifier(patients[0], 3)
    stated_of_prior, prior = _identifier(patients[1], 3) if undone else _identifier(message["MRG"][0], 1)
    authority = stated or issuer
    if not (prior and surviving and authority) or (stated_of_prior or authority) != authority:
        raise RunRefusedError(
            Code.E_ISSUER, "a merge must state two identifiers of a single issuer; ask the registry to correct it"
        )
    return MergeNotice(authority, prior, surviving, _moment(_text(message["MSH"][0], 7)), undone)


def _moment(text: str) -> datetime:
    digits = re.match(r"\d{8,14}", text)
    if digits is None:
        raise RunRefusedError(Code.E_FEED_FORMAT, "a message does not state its time (MSH-7)")
    return datetime.strptime(digits.group().ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
