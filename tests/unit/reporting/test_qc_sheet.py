"""The quality sheet: what it says, and that nothing of it overlaps or is cut."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MODEL_SEQUENCES, MrSequence
from idh_tasks.reporting import qc_sheet as module
from idh_tasks.reporting.qc_sheet import SheetColumn, SheetSlice, qc_sheet

LONGEST_ORIGIN = "made on T2 (no T1 covers the head), extractor: classical (fallback), agreement of two methods 0.97"
LONGEST_NOTES = (
    "outline contrast 0.62, outline gain elsewhere 0.12, outline overlap 0.55, outline widening 1.33, W_ROI_DOUBTFUL"
)
LONGEST_CODE = max((code for code in Code if code.startswith(("E_", "W_"))), key=len)


def chosen(shape: tuple[int, int], spacing_mm: tuple[float, float] = (1.0, 1.0)) -> SheetSlice:
    """Return a slice in which the head, and even the brain, reaches every edge."""
    tumour = np.zeros(shape, dtype=bool)
    tumour[:20, :15] = True
    brain = np.ones(shape, dtype=bool)
    brain[0, 0] = False
    return SheetSlice(
        MrSequence.MPRAGE, "slice 165 of 192, z = +113 mm", spacing_mm,
        "patches of 64×64 pixels, values in standard deviations (SD) of the brain from its median", LONGEST_ORIGIN,
        np.ones(shape, dtype=np.float32), brain, tumour, (0, 20, 0, 15), LONGEST_NOTES,
    )  # fmt: skip


def column(shape: tuple[int, int], unit: str) -> SheetColumn:
    bright = np.linspace(0, 1, shape[0] * shape[1], dtype=np.float32).reshape(shape)
    patch = np.linspace(-12.3, 45.6, 64 * 64, dtype=np.float32).reshape(64, 64)
    return SheetColumn(bright, np.ones(shape, dtype=bool), 1.0, patch, unit)


def drawn(monkeypatch: pytest.MonkeyPatch, sheet: SheetSlice, unit: str = "SD", refused: int = 0) -> Figure:
    """Return the sheet as a figure, with the columns of so many sequences refused."""
    figures: list[Figure] = []

    def keep(figure: Figure, dpi: int) -> bytes:
        figure.set_dpi(dpi)
        FigureCanvasAgg(figure).draw()  # type: ignore[no-untyped-call]
        figures.append(figure)
        return b""

    monkeypatch.setattr(module, "png", keep)
    columns = {one: column(sheet.image.shape, unit) for one in MODEL_SEQUENCES[refused:]}
    qc_sheet(sheet, columns, dict.fromkeys(MODEL_SEQUENCES[:refused], LONGEST_CODE))
    return figures[0]


def written(figure: Figure) -> list[Text]:
    """Return the headline, the legend, the titles and the letters; axes that are off keep labels that nobody sees."""
    of_columns = [text for axes in figure.axes for text in (axes.title, *axes.texts)]
    legend = figure.legends[0].get_texts()
    return [text for text in (*figure.texts, *legend, *of_columns) if text.get_text()]


def apart(first: Bbox, second: Bbox) -> bool:
    """Return whether two boxes share less than half a pixel of width or height."""
    return bool(
        min(first.x1, second.x1) - max(first.x0, second.x0) < 0.5
        or min(first.y1, second.y1) - max(first.y0, second.y0) < 0.5
    )


@pytest.mark.parametrize("shape", [(128, 128), (256, 176), (176, 256)])
@pytest.mark.parametrize(("unit", "refused"), [("10⁻³ mm²/s", 0), ("× mean", 2)])
def test_no_text_is_cut_or_covers_another_or_an_image(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, int], unit: str, refused: int
) -> None:
    figure = drawn(monkeypatch, chosen(shape), unit, refused)
    texts, whole = written(figure), figure.bbox
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    images = [image.get_window_extent() for axes in figure.axes for image in axes.images]
    assert sum(text in ("R", "L") for text, _ in boxes) == 4 * (6 - refused)
    for text, box in boxes:
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1, text
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1, text
        assert all(apart(box, image) for image in images), text
    assert [(a, b) for (a, one), (b, other) in combinations(boxes, 2) if not apart(one, other)] == []


def test_the_headline_names_space_scale_and_the_image_of_the_brain_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = replace(chosen((64, 64)), reference=MrSequence.T2, brain_origin="made on T1, extractor: trained")
    headline = drawn(monkeypatch, sheet).get_suptitle().splitlines()
    assert headline[0].startswith(
        "in the space of T2, slice 165 of 192, z = +113 mm; patches of 64×64 pixels, values in "
    )
    assert headline[1:] == ["brain mask made on T1, extractor: trained", LONGEST_NOTES]


def test_every_column_names_its_sequence_as_people_write_it_and_the_unit_of_its_patch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    titles = [axes.get_title() for axes in drawn(monkeypatch, chosen((64, 64))).axes]
    assert [title.split(",")[0] for title in titles[:6]] == ["T1", "T2", "FLAIR", "MPRAGE", "rCBV", "ADC"]
    assert titles[-6:] == ["patch, -12.3 to 45.6 SD"] * 6
