"""Chooses the segments or structures that make up the tumour; what is not certain is asked of a person."""

from collections import Counter
from collections.abc import Mapping

from idh_tasks.codes import Code
from idh_tasks.dicom.structure_role import StructureRole
from idh_tasks.imaging.outline.refusals import NoTumourError, refused


def choose_tumour(roles: Mapping[int, StructureRole], kind: str) -> list[int]:
    """Return the numbers of the segments or structures that together are the tumour.

    Parts of one tumour are united. The only segment is the tumour, unless its name says otherwise.

    Parameters
    ----------
    kind
        The plural that messages use: segments or structures.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if there is no tumour, there are several, or it is uncertain which one it is.
    """
    counts = Counter(roles.values())
    _check_certain(counts, kind)
    chosen = [number for number, role in roles.items() if role.is_tumour]
    return chosen or _only_one(roles, kind)


def _check_certain(counts: Counter[StructureRole], kind: str) -> None:
    total, possible, unnamed = counts.total(), counts[StructureRole.POSSIBLE], counts[StructureRole.UNNAMED]
    if counts[StructureRole.CONTRADICTORY]:
        raise refused(f"the name and the code of one of {total} {kind} contradict each other")
    if possible and total > 1:
        raise refused(f"{possible} of {total} {kind} have names that may mean a tumour, but are not understood")
    repeated = max((count for role, count in counts.items() if role.is_tumour), default=0)
    if repeated > 1:
        raise refused(f"{repeated} of {total} {kind} have the same role; are there several tumours?")
    only_parts = any(role.is_part for role in counts) and not counts[StructureRole.TUMOUR]
    unclear = unnamed + counts[StructureRole.DERIVED]
    if only_parts and unclear:
        raise refused(f"{unclear} of {total} {kind} have names that do not say whether they are parts of the tumour")


def _only_one(roles: Mapping[int, StructureRole], kind: str) -> list[int]:
    if len(roles) == 1 and not any(role.is_other for role in roles.values()):
        return list(roles)
    raise NoTumourError(Code.E_ROI, f"none of the delivered {kind} is named as a tumour ({len(roles)} found)")
