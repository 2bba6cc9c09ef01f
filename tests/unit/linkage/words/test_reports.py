"""Texts as pathology reports have them, with the meaning that a neuropathologist would take from each."""

from pathlib import Path

import pytest

from idh_tasks.domain.pathology import Assay, AssayMethod, AssayResult
from idh_tasks.linkage.words.results import read_assays

SEQUENCED = {AssayMethod.IDH1_SEQUENCING, AssayMethod.IDH2_SEQUENCING, AssayMethod.NGS_PANEL}
LINES = Path(__file__).with_name("reports.txt").read_text().splitlines()
ROWS = [tuple(cell.strip() for cell in line.split("|")) for line in LINES if not line.startswith("#")]


def meaning(assays: tuple[Assay, ...]) -> str:
    """Return what a report's assays mean for its label, in the words of the table."""
    results = {assay.result for assay in assays}
    if AssayResult.POSITIVE in results:
        return "mutant"
    if AssayResult.UNKNOWN in results:
        return "asked"
    if AssayResult.PENDING in results:
        return "pending"
    return "negative" if {assay.method for assay in assays} <= SEQUENCED else "no proof"


@pytest.mark.parametrize(("truth", "method", "text"), ROWS)
def test_a_text_means_what_it_states_or_is_asked(truth: str, method: str, text: str) -> None:
    read = meaning(read_assays(method, text.replace("\\n", "\n")))
    assert read in ({truth[:-1]} if truth.endswith("!") else {truth, "asked"})


def test_the_table_is_large() -> None:
    assert len(ROWS) > 250
