"""HL7 version 2: results (ORU^R01), merges (ADT^A40) and their undoing (ADT^A37, unlink)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import hl7

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import Delivery, MergeNotice
from idh_tasks.errors import RunRefusedError
from idh_tasks.linkage.feed.observations import Observation, report_rows
from idh_tasks.linkage.feed.rows import read_rows

RESULT, MERGE, UNLINK = "ORU^R01", "ADT^A40", "ADT^A37"


def read_hl7(content: bytes, issuer: str = "") -> Delivery:
    """Read a file of messages, one after another.

    Raises
    ------
    RunRefusedError
        ``E_FEED_FORMAT`` if it holds no message, or one of a kind that is not read.
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
            raise RunRefusedError(Code.E_FEED_FORMAT, "a message is neither ORU^R01, ADT^A40 nor ADT^A37")
    found = read_rows(rows, issuer)
    return Delivery(found.reports, tuple(merges), found.misfits)


def _messages(content: bytes) -> Iterator[hl7.Message]:
    text = content.decode("utf-8", errors="replace").replace("\r\n", "\r").replace("\n", "\r").strip("\x0b\x1c\r ")
    parts = [part for part in re.split(r"[\x0b\x1c\r]*(?=^MSH\|)", text, flags=re.MULTILINE) if part.strip()]
    parts = [part for chunk in parts for part in re.split(r"\r(?=MSH\|)", chunk)]
    if not parts:
        raise RunRefusedError(Code.E_FEED_FORMAT, "the file holds no HL7 message")
    for part in parts:
        try:
            yield hl7.parse(part.strip("\x0b\x1c\r") + "\r")
        except Exception:  # the parser raises many types, with parts of the message in them
            raise RunRefusedError(Code.E_FEED_FORMAT, "the file is no HL7 version 2") from None


def _text(segment: hl7.Segment, field: int, component: int | None = None) -> str:
    """Return a field, or one component of its first repetition."""
    if field >= len(segment):
        return ""
    whole = str(segment[field]).split("~")[0]
    if component is None:
        return whole
    parts = whole.split("^")
    return parts[component - 1] if component <= len(parts) else ""


def _identifier(segment: hl7.Segment, field: int) -> tuple[str, str]:
    """Return issuer and identifier of a CX (HL7 2A.14): the authority's name or its universal id."""
    authority = _text(segment, field, 4).split("&")
    return next((part for part in authority if part), ""), _text(segment, field, 1)


def _rows(message: hl7.Message) -> Iterator[dict[str, object]]:
    """Yield the rows of a result message: an order (OBR) is a report, its observations (OBX) are assays."""
    patient = message["PID"][0]
    issuer, identifier = _identifier(patient, 3)
    whose: dict[str, object] = {
        "issuer": issuer, "patient_id": identifier, "birth_date": _text(patient, 7)[:8], "sex": _text(patient, 8),
    }  # fmt: skip
    order: hl7.Segment | None = None
    found: list[Observation] = []
    for segment in message:
        kind = str(segment[0])
        if kind == "OBR":
            yield from _report(message, order, found, whose)
            order, found = segment, []
        elif kind == "OBX":
            name = f"{_text(segment, 3, 1)} {_text(segment, 3, 2)} {_text(segment, 3, 5)}".strip()
            value = _text(segment, 5, 2) or _text(segment, 5, 1)
            found.append(Observation(name, value, pending=_text(segment, 11) in ("I", "P", "S")))
    yield from _report(message, order, found, whose)


def _report(
    message: hl7.Message, order: hl7.Segment | None, found: list[Observation], whose: dict[str, object]
) -> Iterator[dict[str, object]]:
    if order is None:
        return
    specimen = next((_text(s, 2, 1) for s in message if str(s[0]) == "SPM"), "")
    changed = re.sub(r"\D", "", _text(order, 22) or _text(message["MSH"][0], 7))[:14]
    report = whose | {
        "report_id": _text(order, 3, 1) or _text(order, 2, 1),
        "version": changed.ljust(14, "0") if changed else "",
        "report_status": _text(order, 25),
        "specimen_date": _text(order, 7)[:8],
        "specimen": specimen,
    }
    yield from report_rows(report, found)


def _merge(message: hl7.Message, issuer: str, *, undone: bool) -> MergeNotice:
    """Read who was merged into whom: MRG-1 into PID-3 (HL7 3.3.40); of an unlink, the second PID is freed."""
    patients = message.segments("PID")
    own, surviving = _identifier(patients[0], 3)
    other, prior = _identifier(patients[1], 3) if undone else _identifier(message["MRG"][0], 1)
    whose = own or issuer
    if not (prior and surviving and whose) or (other or whose) != whose:
        raise RunRefusedError(Code.E_ISSUER, "a merge names no issuer, or two; only the registry can say who that is")
    return MergeNotice(whose, prior, surviving, _moment(_text(message["MSH"][0], 7)), undone)


def _moment(text: str) -> datetime:
    digits = re.match(r"\d{8,14}", text)
    if digits is None:
        raise RunRefusedError(Code.E_FEED_FORMAT, "a message does not say when it was written")
    return datetime.strptime(digits.group().ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
