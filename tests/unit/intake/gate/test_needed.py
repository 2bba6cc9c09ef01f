"""The table of needed elements is what the sources read."""

import ast
from collections.abc import Iterator
from pathlib import Path

from pydicom.datadict import dictionary_VR, tag_for_keyword

import idh_tasks
from idh_tasks.intake.gate.needed import IMAGE, IMAGE_SEQUENCES, MOSAIC, NOTHING, OUTLINE, needed_of
from idh_tasks.intake.gate.uids import REQUIRED
from tests.factories import instance

READERS = ("dicom", "imaging", "intake/naming")
NUMBERS_AS_TEXT = {"DS", "IS", "UI"}
OF_FILES = {"TransferSyntaxUID", "UID"}
"""Of the file meta information, and an attribute of pydicom."""


def words(source: Path) -> Iterator[str]:
    """Yield the strings and attribute names of a source."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Attribute):
            yield node.attr


def read_by_the_sources() -> set[str]:
    package = Path(idh_tasks.__file__).parent
    found = {word for folder in READERS for path in (package / folder).rglob("*.py") for word in words(path)}
    return {word for word in found - OF_FILES if (tag := tag_for_keyword(word)) is not None
            and dictionary_VR(tag) in NUMBERS_AS_TEXT}  # fmt: skip


def test_every_number_and_uid_that_is_read_is_needed_and_no_other() -> None:
    assert read_by_the_sources() - set(REQUIRED) == {*IMAGE, *MOSAIC, *OUTLINE}


def test_every_keyword_of_the_tables_is_in_the_dictionary() -> None:
    assert all(tag_for_keyword(keyword) for keyword in (*IMAGE, *MOSAIC, *OUTLINE, *IMAGE_SEQUENCES))


def test_nothing_is_needed_of_an_object_that_is_skipped() -> None:
    assert needed_of(instance(SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1")) is NOTHING
