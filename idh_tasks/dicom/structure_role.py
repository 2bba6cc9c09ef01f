"""The part that a segment or structure plays for the outline of the tumour: a closed vocabulary.

Roles take the place of the free names at de-identification, and are read again from there.
"""

from enum import StrEnum


class StructureRole(StrEnum):
    """What a segment or structure shows; the values are what a de-identified file holds."""

    TUMOUR = "ROLE TUMOUR"
    CORE = "ROLE TUMOUR CORE"
    ENHANCING = "ROLE ENHANCING TUMOUR"
    NON_ENHANCING = "ROLE NON-ENHANCING TUMOUR"
    NECROSIS = "ROLE NECROSIS"
    CYST = "ROLE CYST"
    OEDEMA = "ROLE OEDEMA"
    T2_ABNORMALITY = "ROLE T2 ABNORMALITY"
    T2_TUMOUR = "ROLE TUMOUR ON T2"
    POSSIBLE = "ROLE POSSIBLE TUMOUR"
    CONTRADICTORY = "ROLE CONTRADICTORY"
    UNNAMED = "ROLE UNNAMED"
    UNKNOWN = "ROLE NOT UNDERSTOOD"
    DERIVED = "ROLE DERIVED FROM TUMOUR"
    OTHER = "ROLE OTHER STRUCTURE"

    @property
    def is_tumour(self) -> bool:
        """Return whether this is a tumour or a part of one, beyond doubt."""
        return self.is_whole or self.is_part

    @property
    def is_whole(self) -> bool:
        """Return whether this is the whole tumour, as far as its name and type say."""
        return self in (StructureRole.TUMOUR, StructureRole.T2_TUMOUR)

    @property
    def is_other(self) -> bool:
        """Return whether this is certainly not the tumour: another structure, or a margin, ring or difference."""
        return self in (StructureRole.OTHER, StructureRole.DERIVED)

    @property
    def is_part(self) -> bool:
        """Return whether this is a part of a tumour, beyond doubt."""
        return self in PARTS.values()


PARTS = {
    "core": StructureRole.CORE,
    "enhancing": StructureRole.ENHANCING,
    "non-enhancing": StructureRole.NON_ENHANCING,
    "necrosis": StructureRole.NECROSIS,
    "cyst": StructureRole.CYST,
    "oedema": StructureRole.OEDEMA,
    "t2": StructureRole.T2_ABNORMALITY,
}
"""The roles of parts of a tumour by their name."""


def combined(by_name: StructureRole, by_code: StructureRole) -> StructureRole:
    """Return the role of a structure that has a name and a code, which may disagree.

    A name of another structure always counts: codes are often copied from segment to segment. A code of another
    structure contradicts the name of a tumour. A tumour by one of them is only possible if the
    other was not understood.
    """
    if by_name.is_other or by_name is StructureRole.CONTRADICTORY or by_code is StructureRole.UNNAMED:
        return by_name
    if by_name is StructureRole.UNNAMED:
        return by_code
    if by_code.is_other:
        return StructureRole.OTHER if by_name is StructureRole.UNKNOWN else StructureRole.CONTRADICTORY
    return _both_known(by_name, by_code)


def _both_known(by_name: StructureRole, by_code: StructureRole) -> StructureRole:
    uncertain = (StructureRole.UNKNOWN, StructureRole.POSSIBLE, StructureRole.CONTRADICTORY)
    if by_name in uncertain and by_code in uncertain:
        return by_name
    if by_name in uncertain or by_code in uncertain:
        return StructureRole.POSSIBLE
    if by_name is StructureRole.T2_ABNORMALITY and by_code is StructureRole.TUMOUR:
        return StructureRole.T2_TUMOUR
    return by_code if by_name is StructureRole.TUMOUR and by_code.is_part else by_name
