"""The identifiers of a patient (PID-3, MRG-1), and which of them counts (HL7 2A.14)."""

from collections.abc import Collection
from dataclasses import dataclass

from idh_tasks.linkage.feed.hl7_v2.fields import Segment, Value
from idh_tasks.linkage.feed.identifiers import Identifier, choose_identifier


@dataclass(frozen=True)
class Senders:
    """Whose identifiers count: the issuer where a message names none, and the accepted authorities."""

    issuer: str = ""
    authorities: Collection[str] = ()


def identifiers(segment: Segment, field: int, issuer: str, sent: str) -> list[Identifier]:
    """Return every repetition of a field of type CX (2A.14).

    Parameters
    ----------
    issuer
        The issuer of identifiers without an assigning authority.
    sent
        Time of the message: an identifier whose expiration date (CX.8) is before it is not current.
    """
    return [_identifier(value, issuer, sent) for value in segment.values(field)]


def _identifier(value: Value, issuer: str, sent: str) -> Identifier:
    stated = tuple(filter(None, value.subcomponents(4)[:2]))  # namespace and universal id; the third is its type
    names = stated or ((issuer,) if issuer else ())
    expires = value.component(8)[:8]
    current = not expires or expires.ljust(8, "9") >= sent[:8]
    return Identifier(value.component(1), next(iter(names), ""), value.component(5).upper(), names, current)


def medical_record_number(segment: Segment, senders: Senders, sent: str) -> Identifier:
    """Return the medical record number of a PID segment (PID-3).

    Raises
    ------
    IdentifierChoiceError
        If not exactly one remains.
    """
    return choose_identifier(identifiers(segment, 3, senders.issuer, sent), senders.authorities)
