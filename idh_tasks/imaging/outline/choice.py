"""Chooses the segments or structures that make up the tumour; what is not certain is asked of a person."""

from collections import Counter
from collections.abc import Collection, Mapping

from idh_tasks.codes import Code
from idh_tasks.dicom.structure_role import StructureRole
from idh_tasks.imaging.outline.refusals import NoTumourError, refused

SOLID = frozenset((StructureRole.CORE, StructureRole.ENHANCING, StructureRole.NON_ENHANCING))
OUTER = frozenset((StructureRole.OEDEMA, StructureRole.T2_ABNORMALITY))
"""Parts of which the whole tumour with its oedema has at least one each (protocol, 'Images')."""


def choose_tumour(roles: Mapping[int, StructureRole], drawn: Collection[int], kind: str) -> list[int]:
    """Return the numbers of the segments or structures that together are the tumour.

    Parts of one tumour are united. A structure is only used if its name or type says that it is a tumour, even if it
    is the only one. Parts alone are used if they include solid tumour and oedema, of which one may be empty.

    Parameters
    ----------
    roles
        The role of each segment or structure by its number.
    drawn
        The numbers of those that mark something.
    kind
        The plural that messages use: segments or structures.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if there is no tumour, there are several, parts are missing, or it is uncertain which one it is.
    """
    if not drawn:
        raise refused(f"the {kind} mark nothing")
    shown = {number: role for number, role in roles.items() if number in drawn}
    _check_certain(Counter(shown.values()), kind)
    chosen = [number for number, role in shown.items() if role.is_tumour]
    if not chosen:
        raise _no_tumour(shown, kind)
    if not any(shown[number].is_whole for number in chosen):
        _check_complete(roles.values(), kind)
    return chosen


def _check_certain(counts: Counter[StructureRole], kind: str) -> None:
    total, possible, unnamed = counts.total(), counts[StructureRole.POSSIBLE], counts[StructureRole.UNNAMED]
    if counts[StructureRole.CONTRADICTORY]:
        raise refused(f"the name and the code of one of {total} {kind} contradict each other")
    if possible:
        raise refused(f"{possible} of {total} {kind} have names that may mean a tumour, but are not understood")
    repeated = max((count for role, count in counts.items() if role.is_tumour), default=0)
    if repeated > 1:
        raise refused(f"{repeated} of {total} {kind} have the same role; are there several tumours?")
    only_parts = any(role.is_part for role in counts) and not any(role.is_whole for role in counts)
    unclear = unnamed + counts[StructureRole.UNKNOWN] + counts[StructureRole.DERIVED]
    if only_parts and unclear:
        raise refused(f"{unclear} of {total} {kind} have names that do not say whether they are parts of the tumour")


def _check_complete(roles: Collection[StructureRole], kind: str) -> None:
    """Check that parts make up the whole tumour; one that is described but empty was looked for and not found."""
    missing = [name for name, one_of in (("solid tumour", SOLID), ("oedema", OUTER)) if not one_of & set(roles)]
    if missing:
        raise refused(f"the {kind} are parts of a tumour without {' and '.join(missing)}; the whole tumour is needed")


def _no_tumour(roles: Mapping[int, StructureRole], kind: str) -> NoTumourError:
    unclear = sum(role in (StructureRole.UNNAMED, StructureRole.UNKNOWN) for role in roles.values())
    hint = f", {unclear} with names that say nothing or are not understood" if unclear else ""
    return NoTumourError(Code.E_ROI, f"none of the {kind} is named as a tumour ({len(roles)} found{hint})")
