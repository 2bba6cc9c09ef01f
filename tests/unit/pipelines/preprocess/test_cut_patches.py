"""One series of a study costs itself only: what it does not cover, what it lacks, and what nobody foresaw."""

import gzip
import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import cast

import nibabel as nib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.domain.pathology import IdhStatus
from idh_tasks.domain.sequence import MODEL_SEQUENCES, Confidence, MrSequence
from idh_tasks.domain.study import Identification, SeriesRecord
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import RunRefusedError, SeriesRejectedError, TransientError
from idh_tasks.imaging.brain.extraction import BrainMask
from idh_tasks.imaging.head import head_mask
from idh_tasks.imaging.registration import IDENTITY
from idh_tasks.offline.study_folder import FolderSeriesReader, read_study
from idh_tasks.phantom.patient import PatientPlan, write_patient
from idh_tasks.pipelines.preprocess import study_images
from idh_tasks.pipelines.preprocess.cut_patches import PatchCutter, StudyPatches
from idh_tasks.pipelines.preprocess.study_images import StudyImages
from idh_tasks.pipelines.preprocess.tumour_outline import TumourOutline
from idh_tasks.settings import ImagingSettings

Change = Callable[[list[Dataset]], list[Dataset]]
OTHERS = {MrSequence.T1, MrSequence.T2, MrSequence.MPRAGE}
MAPS = {MrSequence.ADC, MrSequence.RCBV}
COMPUTED = {MrSequence.DWI, MrSequence.DSC}
SETTINGS = ImagingSettings(normalisation="tumour_mean")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> FolderSeriesReader:
    root = tmp_path_factory.mktemp("study") / "studies"
    write_patient(root, PatientPlan(1, 5, IdhStatus.WILDTYPE, None, None, motion_mm=0, motion_degrees=0))
    folder: Path = root / "001"
    study = read_study(folder, folder / "roi.nii.gz")
    # Maps take long to compute and are not what is tested here.
    return replace(study, series=[s for s in study.series if s.identification.sequence not in COMPUTED])


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the registration: the synthetic head does not move."""
    monkeypatch.setattr(study_images, "register", lambda *_: IDENTITY)
    monkeypatch.setattr(study_images, "check_registration", lambda *_: None)


@dataclass(frozen=True)
class ChangedReader:
    """A study one of whose series is changed when it is read."""

    stored: FolderSeriesReader
    sequence: MrSequence
    change: Change

    @property
    def series(self) -> Sequence[SeriesRecord]:
        return self.stored.series

    def instances(self, series: SeriesRecord) -> list[Dataset]:
        instances = self.stored.instances(series)
        return self.change(deepcopy(instances)) if series.identification.sequence is self.sequence else instances

    def outline(self) -> bytes | None:
        return self.stored.outline()


def cut(reader: ChangedReader | FolderSeriesReader, settings: ImagingSettings = SETTINGS) -> StudyPatches:
    images = StudyImages(reader, settings)
    return PatchCutter(images, TumourOutline(images)).cut_all()


def raising(error: BaseException) -> Change:
    def change(instances: list[Dataset]) -> list[Dataset]:
        raise error

    return change


def setting(**values: object) -> Change:
    """Set attributes of every instance; None removes one."""

    def change(instances: list[Dataset]) -> list[Dataset]:
        for ds in instances:
            for keyword, value in values.items():
                if value is None:
                    delattr(ds, keyword)
                else:
                    setattr(ds, keyword, value)
        return instances

    return change


BAD: dict[str, Change] = {
    "an index out of range": raising(IndexError("Zebedee")),
    "no memory": raising(MemoryError()),
    "endless recursion": raising(RecursionError("Zebedee")),
    "a type that nobody expected": raising(TypeError("Zebedee")),
    "no instance": lambda _: [],
    "truncated pixels": setting(PixelData=b"\0\0"),
    "no pixels": setting(PixelData=None),
    "no pixel spacing": setting(PixelSpacing=None),
    "pixels of size zero": setting(PixelSpacing=[0, 0]),
    "no orientation": setting(ImageOrientationPatient=[0, 0, 0, 0, 0, 0]),
    "a position in two dimensions": setting(ImagePositionPatient=[0, 0]),
    "no matrix": setting(Rows=None),
    "a slope that is no number": setting(RescaleSlope="nan"),
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_a_bad_series_costs_its_sequence_only(stored: FolderSeriesReader, change: Change) -> None:
    patches = cut(ChangedReader(stored, MrSequence.FLAIR, change))
    assert set(patches.cut) == OTHERS
    assert "Zebedee" not in str(patches.refused[MrSequence.FLAIR])


@pytest.mark.parametrize("error", [TransientError, RunRefusedError])
def test_outages_and_faults_of_the_installation_end_the_task(
    stored: FolderSeriesReader, error: type[TransientError] | type[RunRefusedError]
) -> None:
    with pytest.raises(error):
        cut(ChangedReader(stored, MrSequence.FLAIR, raising(error(Code.E_PLUGIN, ""))))


def lowest(count: int) -> Change:
    def change(instances: list[Dataset]) -> list[Dataset]:
        return sorted(instances, key=lambda ds: float(ds.ImagePositionPatient[2]))[:count]

    return change


def mirrored(mask: bytes) -> bytes:
    """Return a mask with left and right exchanged, in the same place."""
    image = nib.Nifti1Image.from_bytes(gzip.decompress(mask))
    content: bytes = nib.Nifti1Image(np.asarray(image.dataobj)[::-1], image.affine, image.header).to_bytes()
    return content


def test_an_outline_in_the_wrong_place_flags_every_patch(
    stored: FolderSeriesReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stored.mask is not None
    monkeypatch.setattr(study_images, "extract", lambda image, _: BrainMask(head_mask(image), "drawn", (), {}))
    right, wrong = cut(stored), cut(replace(stored, mask=mirrored(stored.mask)))
    for sequence in OTHERS:
        assert Code.W_ROI_DOUBTFUL not in cast("list[Code]", right.cut[sequence].quality["flags"])
        contrasts = [cast("float", one.cut[sequence].quality["outline_contrast"]) for one in (right, wrong)]
        assert contrasts[0] > 0.75 > contrasts[1]
        assert Code.W_ROI_DOUBTFUL in cast("list[Code]", wrong.cut[sequence].quality["flags"])


def test_an_image_that_does_not_cover_the_outline_is_refused_with_its_share(stored: FolderSeriesReader) -> None:
    slab = ChangedReader(stored, MrSequence.FLAIR, lowest(14))
    assert re.search(r"E_COVERAGE: the image covers \d+% of the outline", str(cut(slab).refused[MrSequence.FLAIR]))
    flair = cut(slab, SETTINGS.model_copy(update={"coverage_floor": 0.0})).cut[MrSequence.FLAIR]
    assert 0 <= flair.coverage < 0.95
    assert cut(stored).cut[MrSequence.FLAIR].coverage == pytest.approx(1, abs=0.01)


def without_signal(first: int, last: int) -> Change:
    def change(instances: list[Dataset]) -> list[Dataset]:
        for ds in sorted(instances, key=lambda ds: float(ds.ImagePositionPatient[2]))[first:last]:
            ds.PixelData = bytes(len(ds.PixelData))
        return instances

    return change


def test_slices_that_were_filled_with_zeros_are_not_covered(stored: FolderSeriesReader) -> None:
    patches = cut(ChangedReader(stored, MrSequence.FLAIR, without_signal(14, 24)))
    assert patches.refused[MrSequence.FLAIR].code is Code.E_COVERAGE
    assert set(patches.cut) == OTHERS


def without(stored: FolderSeriesReader, sequence: MrSequence) -> FolderSeriesReader:
    return replace(stored, series=[s for s in stored.series if s.identification.sequence is not sequence])


def test_without_an_mprage_no_patch_is_cut_unless_a_substitute_is_allowed(stored: FolderSeriesReader) -> None:
    study = without(stored, MrSequence.MPRAGE)
    assert {error.code for error in cut(study).refused.values()} == {Code.W_MISSING_SEQUENCE}
    patches = cut(study, SETTINGS.model_copy(update={"reference": "substitute"}))
    assert set(patches.refused) == {MrSequence.MPRAGE, *MAPS}, "no substitute feeds the network of the MPRAGE"
    for one in patches.cut.values():
        assert one.origin["reference"] == "T2"
        assert one.quality["flags"] == [Code.W_REFERENCE]
        assert (one.shown.base, one.covered.base) == (None, None), "the volumes are not kept"


def test_a_t1_after_contrast_is_preferred_as_substitute(stored: FolderSeriesReader) -> None:
    def renamed(series: SeriesRecord) -> SeriesRecord:
        after = Identification(MrSequence.T1C, Confidence.HIGH, "")
        return replace(series, identification=after) if series.identification.sequence is MrSequence.T1 else series

    study = without(stored, MrSequence.MPRAGE)
    study = replace(study, series=list(map(renamed, study.series)))
    patches = cut(study, SETTINGS.model_copy(update={"reference": "substitute"}))
    assert set(patches.refused) == {MrSequence.MPRAGE, MrSequence.T1, *MAPS}
    assert patches.cut[MrSequence.T2].origin["reference"] == "T1C"
    assert patches.cut[MrSequence.T2].shown.shape == (230, 230), "cubic voxels of 1 mm"


def test_the_same_outline_is_cut_from_a_substitute(stored: FolderSeriesReader) -> None:
    """The head does not move, so the rectangle in mm is the same in both spaces."""
    mprage = cut(stored).cut[MrSequence.T2].rectangle
    settings = SETTINGS.model_copy(update={"reference": "substitute"})
    substitute = cut(without(stored, MrSequence.MPRAGE), settings).cut[MrSequence.T2].rectangle
    width = 1.5 * (mprage.right - mprage.left)
    assert substitute.right - substitute.left == pytest.approx(width, abs=4)


def test_what_every_sequence_needs_is_made_once_also_if_it_is_refused(
    stored: FolderSeriesReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Volume] = []

    def extract(image: Volume, settings: ImagingSettings) -> BrainMask:
        calls.append(image)
        raise SeriesRejectedError(Code.E_BRAIN_MASK, f"by {settings.brain_extractor}")

    monkeypatch.setattr(study_images, "extract", extract)
    refused = cut(stored, ImagingSettings()).refused
    assert {sequence for sequence, error in refused.items() if error.code is Code.E_BRAIN_MASK} == OTHERS | {
        MrSequence.FLAIR
    }
    assert len(calls) == 1


@pytest.mark.parametrize("t1", [None, lowest(10)], ids=["no T1", "a T1 of half the head"])
def test_a_brain_is_segmented_on_t2_only_without_a_t1_of_the_whole_head_and_says_so(
    stored: FolderSeriesReader, monkeypatch: pytest.MonkeyPatch, t1: Change | None
) -> None:
    def flags_and_image(reader: ChangedReader | FolderSeriesReader) -> tuple[tuple[Code, ...], MrSequence, Volume]:
        images = StudyImages(reader, ImagingSettings(reference="substitute"))
        return images.brain_mask.flags, images.brain_image, segmented[-1]

    def extract(image: Volume, _settings: ImagingSettings) -> BrainMask:
        segmented.append(image)
        return BrainMask(image.voxels > 0, "trained", (), {})

    segmented: list[Volume] = []
    monkeypatch.setattr(study_images, "extract", extract)
    study = without(stored, MrSequence.MPRAGE)
    flags, named, on_t1 = flags_and_image(study)
    assert (flags, named) == ((), MrSequence.T1)
    other = ChangedReader(study, MrSequence.T1, t1) if t1 else without(study, MrSequence.T1)
    flags, named, on_t2 = flags_and_image(other)
    assert (flags, named) == ((Code.W_BRAIN_T2,), MrSequence.T2)
    assert on_t1.geometry == on_t2.geometry
    assert not np.array_equal(on_t1.voxels, on_t2.voxels)


@pytest.mark.parametrize(
    ("missing", "line"),
    [
        ({MrSequence.MPRAGE}, "brain mask made on T1, extractor: trained"),
        ({MrSequence.MPRAGE, MrSequence.T1}, "brain mask made on T2 (no T1 covers the head), extractor: trained"),
    ],
)
def test_the_sheet_in_the_space_of_a_t2_names_the_image_of_the_brain_mask(
    stored: FolderSeriesReader, monkeypatch: pytest.MonkeyPatch, missing: set[MrSequence], line: str
) -> None:
    headlines: list[str] = []
    monkeypatch.setattr(Figure, "suptitle", lambda _self, text, **_style: headlines.append(text))
    monkeypatch.setattr(study_images, "extract", lambda image, _: BrainMask(head_mask(image), "trained", (), {}))
    study = replace(stored, series=[s for s in stored.series if s.identification.sequence not in missing])
    images = StudyImages(study, ImagingSettings(reference="substitute"))
    cutter = PatchCutter(images, TumourOutline(images))
    cutter.quality_sheet(cutter.cut_all())
    assert re.fullmatch(rf"in the space of T2, slice .*\n{re.escape(line)}\n.*", headlines[0])


def test_the_quality_sheet_has_a_column_for_every_sequence_of_the_protocol(
    stored: FolderSeriesReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []
    monkeypatch.setattr(Axes, "set_title", lambda _self, text, **_style: texts.append(str(text)))
    monkeypatch.setattr(Axes, "text", lambda _self, _x, _y, text, **_style: texts.append(str(text)))
    images = StudyImages(without(stored, MrSequence.FLAIR), SETTINGS)
    cutter = PatchCutter(images, TumourOutline(images))
    sheet = Image.open(BytesIO(cutter.quality_sheet(cutter.cut_all())))
    assert sheet.width == pytest.approx(1200, abs=20)
    assert {sequence.written for sequence in MODEL_SEQUENCES} <= {text.split(",")[0] for text in texts}
    assert "no patch\nW_MISSING_SEQUENCE" in texts
    assert texts.count("reference") == 1
