"""Chooses, among the identifiers that a message states of a patient, the medical record number of the hospital."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

MEDICAL_RECORD, INTERNAL, UNTYPED = "MR", "PI", ""
ELIGIBLE = (MEDICAL_RECORD, INTERNAL, UNTYPED)
"""Types of HL7 table 0203 that name a patient of the hospital, in order of preference; senders before 2.3.1 have none.

Social security, national, insurance, account, temporary and external numbers are never used.
"""


class IdentifierChoiceError(ValueError):
    """A patient has no usable identifier, or several that disagree; the text names none of them."""


@dataclass(frozen=True)
class Identifier:
    """One identifier of a patient: CX in HL7 version 2, Identifier in FHIR.

    Parameters
    ----------
    issuer
        The name under which the patient's key is derived, the first of `names`; empty if none is stated.
    kind
        Code of HL7 table 0203, such as MR; empty if none is stated.
    names
        Every name of the assigning authority: namespace, universal id, system, display name.
    current
        Whether it is in use: neither marked as old nor expired.
    """

    value: str
    issuer: str
    kind: str = UNTYPED
    names: tuple[str, ...] = ()
    current: bool = True

    def __repr__(self) -> str:
        return f"Identifier({self.kind})"


def choose_identifier(candidates: Sequence[Identifier], authorities: Collection[str] = ()) -> Identifier:
    """Return the one identifier by which the patient is known.

    Of the current ones with an eligible type, those of the accepted authorities remain; of these, medical record
    numbers come before patient internal identifiers, and these before identifiers without a type.

    Parameters
    ----------
    authorities
        Names of the accepted authorities; empty accepts any. An identifier found by one of them gets that name as its
        issuer, so that senders that name the authority differently mean the same patient.

    Raises
    ------
    IdentifierChoiceError
        If none remains, or several that differ in issuer or value.
    """
    current = eligible_identifiers([c for c in candidates if c.current], authorities)
    kinds = [[c for c in current if c.kind.upper() == kind] for kind in ELIGIBLE]
    best = next((group for group in kinds if group), [])
    distinct = {(c.issuer.casefold(), c.value): c for c in best}
    if len(distinct) != 1:
        raise IdentifierChoiceError(_reason(len(distinct)))
    return next(iter(distinct.values()))


def eligible_identifiers(candidates: Sequence[Identifier], authorities: Collection[str] = ()) -> list[Identifier]:
    """Return the identifiers of the hospital's types and of the accepted authorities, current or not."""
    usable = [c for c in candidates if c.value and c.kind.upper() in ELIGIBLE]
    return [found for c in usable if (found := _accepted(c, authorities)) is not None]


def _accepted(candidate: Identifier, authorities: Collection[str]) -> Identifier | None:
    """Return the identifier under the accepted name of its authority, or None if the authority is not accepted."""
    if not authorities:
        return candidate
    names = {name.strip().casefold() for name in (candidate.issuer, *candidate.names) if name.strip()}
    name = next((name for name in authorities if name.strip().casefold() in names), None)
    return replace(candidate, issuer=name) if name is not None else None


def _reason(count: int) -> str:
    if not count:
        return "the patient has no medical record number of an accepted authority"
    return "the patient has several medical record numbers; name the accepted authorities in IDH_AUTHORITIES"
