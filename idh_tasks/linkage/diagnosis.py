"""Recognises glioblastoma in the paper's sense, under its WHO 2016 or WHO 2021 name."""

import re
from collections.abc import Callable, Iterator

from idh_tasks.linkage.words import tumours
from idh_tasks.linkage.words.findings import UNNAMED
from idh_tasks.linkage.words.normalise import normalise
from idh_tasks.linkage.words.statements import read_statements

NAME = re.compile(rf"\b(?:(?P<glioblastoma>{tumours.GLIOBLASTOMA})|{tumours.ASTROCYTOMA})(?![\w/])")
GRADE = re.compile(rf"\b{tumours.GRADED}(?![\w/])")
EDGE = re.compile(rf"(?:{NAME.pattern}|{GRADE.pattern}|\b{tumours.SITE}(?!\w))", re.ASCII)


def is_glioblastoma(text: str) -> bool | None:
    """Return whether a diagnosis is glioblastoma, or None where that is for a person to decide.

    What WHO 2016 calls an IDH-mutant glioblastoma is an astrocytoma, IDH-mutant, grade 4 since WHO 2021.

    Returns
    -------
    bool or None
        True if every word was understood: the tumour, its grade, its place, and its markers. False if other tumours
        alone are named, and every word was understood. None if the text is empty, negated, suspected or not understood.
    """
    plain = re.sub(r"(?<=\w)-(?=\w)|[:°]| - ", " ", normalise(text))
    plain = re.sub(r" +", " ", plain).replace("wild typ", "wildtyp")
    found = list(NAME.finditer(plain))
    if not any(name["glioblastoma"] for name in found) and _is_another(plain):
        return False if _is_understood(plain, _is_about_other) else None
    return True if found and _is_graded(found, plain) and _is_understood(plain, _is_about_tumour) else None


def _is_another(plain: str) -> bool:
    """Return whether a text without the name of glioblastoma names another tumour, or an astrocytoma below grade 4."""
    if tumours.DOUBT.search(tumours.NOT_A_DOUBT.sub(" ", plain)):
        return False
    rest, others = tumours.OTHER_TUMOUR.subn(" ", plain)
    grades = {match["grade"] for match in GRADE.finditer(plain)}
    astrocytoma = re.search(tumours.ASTROCYTOMA, plain)
    lower = grades <= tumours.LOWER and bool(grades or tumours.LOWER_GRADE.search(plain))
    if astrocytoma and lower and not (tumours.WILD_TYPE.search(plain) and "pilo" not in plain):
        rest, others = re.sub(tumours.ASTROCYTOMA, " ", rest), 1
    return bool(others) and not tumours.GLIAL.search(rest)


def _is_graded(found: list[re.Match[str]], plain: str) -> bool:
    """Return whether the grade is that of a glioblastoma; an astrocytoma must state it."""
    grades = {match["grade"] for match in GRADE.finditer(plain)}
    return grades <= tumours.FOUR and bool(grades or all(name["glioblastoma"] for name in found))


def _is_understood(plain: str, is_about: Callable[[str], bool]) -> bool:
    """Return whether each part of a text is the tumour and words beside it, or states markers."""
    parts = re.split(r"[;,()\[\]\n]|\.(?!\d)", plain)
    markers = [marker for part in parts if (marker := _without_tumour(part.strip(), is_about))]
    return not markers or any(_are_markers(joint.join(markers)) for joint in ("; ", ", "))


def _are_markers(text: str) -> bool:
    """Return whether a text is understood and names its genes: 'negative' alone would be about the tumour."""
    reading = read_statements(text)
    return reading is not None and UNNAMED not in {finding.gene for finding in reading}


def _without_tumour(part: str, is_about: Callable[[str], bool]) -> str:
    """Return a part without the tumour, its grade and its place at either end."""
    words = part.split(" ") if part else []
    while words and (length := next(_at_start(words, is_about), 0)):
        words = words[length:]
    while words and (length := next(_at_end(words, is_about), 0)):
        words = words[:-length]
    return " ".join(words)


def _at_start(words: list[str], is_about: Callable[[str], bool]) -> Iterator[int]:
    return (n for n in range(min(len(words), 6), 0, -1) if is_about(" ".join(words[:n])))


def _at_end(words: list[str], is_about: Callable[[str], bool]) -> Iterator[int]:
    return (n for n in range(min(len(words), 6), 0, -1) if is_about(" ".join(words[-n:])))


def _is_about_tumour(phrase: str) -> bool:
    return phrase in tumours.PLAIN or bool(EDGE.fullmatch(phrase))


def _is_about_other(phrase: str) -> bool:
    patterns = (tumours.OTHER_TUMOUR, EDGE, tumours.CODE)
    return phrase in tumours.BESIDE_OTHERS or any(pattern.fullmatch(phrase) for pattern in patterns)
