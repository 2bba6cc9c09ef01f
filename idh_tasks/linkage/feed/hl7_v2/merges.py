"""Merges (ADT^A40) and their reversal (ADT^A37): every prior identifier of every pair (HL7 3.3.40 and 3.3.37)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import MergeNotice
from idh_tasks.errors import FileHeldError
from idh_tasks.linkage.feed.hl7_v2.fields import Segment
from idh_tasks.linkage.feed.hl7_v2.held import hold
from idh_tasks.linkage.feed.hl7_v2.messages import Message
from idh_tasks.linkage.feed.hl7_v2.patients import Senders, identifiers
from idh_tasks.linkage.feed.hl7_v2.times import message_time
from idh_tasks.linkage.feed.identifier_text import read_identifier
from idh_tasks.linkage.feed.identifiers import (
    Identifier,
    IdentifierChoiceError,
    choose_identifier,
    eligible_identifiers,
)

UNCLEAR = "a merge must state two identifiers of a single issuer; ask the registry to correct it"


def read_merges(message: Message, senders: Senders, *, undone: bool) -> list[MergeNotice]:
    """Return the merges of a message; an unlink separates the second patient from the first.

    Raises
    ------
    FileHeldError
        ``E_ISSUER`` if a prior identifier has no single surviving one of its issuer, ``E_FEED_FORMAT`` if the pairs
        are not complete: merges read in part are worse than none.
    """
    at, pairs = message_time(message.header), _unlinked(message) if undone else _merged(message)
    return [
        MergeNotice(prior.issuer, prior.value, surviving.value, at, undone)
        for survivor, other in pairs
        for prior, surviving in _matched(survivor, other, senders, message.header.text(7))
        if prior.value != surviving.value
    ]


def _merged(message: Message) -> list[tuple[Segment, Segment]]:
    """Return each PID with its MRG."""
    named = [segment for segment in message.segments if segment.name in ("PID", "MRG")]
    if not named or [segment.name for segment in named] != ["PID", "MRG"] * (len(named) // 2):
        hold("a merge does not consist of pairs of PID and MRG", message.header.line)
    return list(zip(named[::2], named[1::2], strict=True))


def _unlinked(message: Message) -> list[tuple[Segment, Segment]]:
    patients = [segment for segment in message.segments if segment.name == "PID"]
    if len(patients) != 2:
        hold("an unlink does not name two patients", message.header.line)
    return [(patients[0], patients[1])]


def _matched(survivor: Segment, other: Segment, senders: Senders, sent: str) -> Iterator[tuple[Identifier, Identifier]]:
    """Yield every prior identifier with the surviving one of the same issuer."""
    stated = identifiers(survivor, 3, senders.issuer, sent)
    former = identifiers(other, 1 if other.name == "MRG" else 3, senders.issuer, "")
    priors = eligible_identifiers(former, senders.authorities)
    if not priors:
        raise FileHeldError(Code.E_ISSUER, UNCLEAR, other.line)
    for prior in priors:
        surviving = _survivor(prior, eligible_identifiers(stated, senders.authorities), survivor.line)
        yield _intact(prior, other.line), _intact(surviving, survivor.line)


def _intact(identifier: Identifier, line: int) -> Identifier:
    try:
        return replace(identifier, value=read_identifier(identifier.value))
    except ValueError as error:
        raise FileHeldError(Code.E_ISSUER, f"an identifier of a merge {error}", line) from None


def _survivor(prior: Identifier, stated: Sequence[Identifier], line: int) -> Identifier:
    same = [one for one in stated if one.issuer.casefold() == prior.issuer.casefold() != ""]
    try:
        return choose_identifier(same)
    except IdentifierChoiceError:
        raise FileHeldError(Code.E_ISSUER, UNCLEAR, line) from None
