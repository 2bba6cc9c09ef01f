"""The figures of a study's patches beside the limits that were in force when they were cut."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from idh_tasks.domain.sequence import MrSequence


class Measured(Protocol):
    """A patch with its figures, and the settings with which it was cut; both are empty where there is no patch."""

    @property
    def sequence(self) -> MrSequence:
        """Return the sequence."""

    @property
    def reference(self) -> str | None:
        """Return the sequence that defines the space."""

    @property
    def quality(self) -> dict[str, Any]:
        """Return the figures by name."""

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings by name."""


@dataclass(frozen=True)
class _Kind:
    """A figure of the quality record: what it is called, how it is written, and which setting limits it."""

    name: str
    label: str
    written: str
    relation: str = ""
    setting: str = ""
    of_registration: bool = False

    def text(self, value: float) -> str:
        """Return a value as a page writes it, with a space before the per cent sign."""
        return self.written.format(value).replace("%", " %").replace("-", "−")


SHARE, MM, PLAIN = "{:.1%}", "{:.1f} mm", "{:.2f}"
KINDS = (
    _Kind("overlap", "Overlap of the heads (Dice)", PLAIN, "≥", "overlap_floor", of_registration=True),
    _Kind("resemblance", "Resemblance of the heads", PLAIN, "≥", "resemblance_floor", of_registration=True),
    _Kind("second_start_mm", "Second start ends apart", MM, "≤", "second_start_limit_mm", of_registration=True),
    _Kind("misfit", "Misfit of the sizes", "{:.3f}", "≤", "misfit_limit", of_registration=True),
    _Kind("flip_margin", "Margin over the flipped image", SHARE, "≥", "flip_margin_floor", of_registration=True),
    _Kind("coverage", "Covers the outline", SHARE, "≥", "coverage_floor"),
    _Kind("signal_to_noise", "Signal to noise", "{:.1f}", "≥", "signal_to_noise_floor"),
    _Kind("ghosting", "Ghosts, share of signal", SHARE, "≤", "ghosting_limit"),
    _Kind("movement_mm", "Movement between volumes", MM, "≤", "movement_limit_mm"),
    _Kind("drift", "Drift of the baseline", PLAIN, "≤", "drift_limit"),
    _Kind("distortion_mm", "Distortion", MM, "≤", "distortion_limit_mm"),
    _Kind("outline_contrast", "Contrast of the outline (0.5 is chance)", PLAIN),
    _Kind("normalised_mean", "Tumour after normalisation, mean", PLAIN),
    _Kind("normalised_sd", "Tumour after normalisation, SD", PLAIN),
)


@dataclass(frozen=True)
class Cell:
    """A figure of one sequence, and whether it is beyond its limit."""

    text: str
    beyond: bool = False


@dataclass(frozen=True)
class FigureRow:
    """A figure of every sequence; `limit` is empty where there is none."""

    label: str
    limit: str
    cells: list[Cell]


def figure_rows(patches: Sequence[Measured]) -> list[FigureRow]:
    """Return the figures that at least one patch has, in columns by patch."""
    rows = [_row(kind, patches) for kind in KINDS]
    return [row for row in rows if any(cell.text for cell in row.cells)]


def _row(kind: _Kind, patches: Sequence[Measured]) -> FigureRow:
    limits = (_number(patch.settings, kind.setting) for patch in patches)
    limit = next((value for value in limits if value is not None), None)
    return FigureRow(
        kind.label,
        "" if limit is None else f"{kind.relation} {kind.text(limit)}",
        [_cell(kind, patch) for patch in patches],
    )


def _cell(kind: _Kind, patch: Measured) -> Cell:
    value, limit = _number(patch.quality, kind.name), _number(patch.settings, kind.setting)
    if value is None or (kind.of_registration and patch.sequence == patch.reference):
        return Cell("")
    beyond = limit is not None and (value < limit if kind.relation == "≥" else value > limit)
    return Cell(kind.text(value), beyond)


def _number(values: Mapping[str, Any], name: str) -> float | None:
    value = values.get(name)
    return float(value) if isinstance(value, int | float) else None
