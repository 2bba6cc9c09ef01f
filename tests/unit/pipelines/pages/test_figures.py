"""Figures are shown beside the limits with which the patch was cut."""

from dataclasses import dataclass, field
from typing import Any

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.pipelines.pages.figures import KINDS, Cell, figure_rows
from idh_tasks.settings import ImagingSettings

LIMITS = ImagingSettings().model_dump(mode="json")


@dataclass(frozen=True)
class Patch:
    """A patch with its figures."""

    sequence: MrSequence
    quality: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=lambda: LIMITS)
    reference: str | None = "MPRAGE"


def rows(*patches: Patch) -> dict[str, tuple[str, list[Cell]]]:
    return {row.label: (row.limit, row.cells) for row in figure_rows(patches)}


def test_a_figure_beyond_its_limit_is_marked_on_either_side() -> None:
    found = rows(
        Patch(MrSequence.T2, {"overlap": 0.5, "movement_mm": 1.0}),
        Patch(MrSequence.ADC, {"overlap": 0.9, "movement_mm": 4.2}),
    )
    assert found["Overlap of the heads (Dice)"] == ("≥ 0.70", [Cell("0.50", beyond=True), Cell("0.90")])
    assert found["Movement between volumes"] == ("≤ 3.0 mm", [Cell("1.0 mm"), Cell("4.2 mm", beyond=True)])


def test_a_figure_that_no_patch_has_is_left_out_and_others_have_empty_cells() -> None:
    found = rows(Patch(MrSequence.T2, {"coverage": 1.0}), Patch(MrSequence.T1, {}, {}))
    assert found == {"Covers the outline": ("≥ 95.0 %", [Cell("100.0 %"), Cell("")])}


def test_the_reference_has_no_figures_of_a_registration() -> None:
    perfect = {"overlap": 1.0, "signal_to_noise": 30.0}
    found = rows(Patch(MrSequence.MPRAGE, perfect), Patch(MrSequence.T1, perfect))
    assert found["Overlap of the heads (Dice)"][1] == [Cell(""), Cell("1.00")]
    assert found["Signal to noise"][1] == [Cell("30.0"), Cell("30.0")]


def test_the_limit_is_that_with_which_the_patch_was_cut() -> None:
    strict = LIMITS | {"overlap_floor": 0.95}
    assert rows(Patch(MrSequence.T1, {"overlap": 0.9}, strict)) == {
        "Overlap of the heads (Dice)": ("≥ 0.95", [Cell("0.90", beyond=True)])
    }


def test_every_limit_is_a_setting() -> None:
    assert {kind.setting for kind in KINDS if kind.setting} <= set(ImagingSettings.model_fields)
