"""Small synthetic studies in which errors are planted, and what preprocessing makes of a changed one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VR

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.study import SeriesRecord
from idh_tasks.domain.volume import Float, Mask, Volume
from idh_tasks.imaging.registration import IDENTITY, Registration
from idh_tasks.intake.naming.study_series import name_study
from idh_tasks.offline.study_folder import FolderSeriesReader, as_reader
from idh_tasks.phantom.acquisition import Displacement, sample
from idh_tasks.phantom.protocol import Recipe
from idh_tasks.phantom.roi import write_nifti
from idh_tasks.phantom.tissue import TUMOUR
from idh_tasks.phantom.variant import VARIANTS
from idh_tasks.pipelines.preprocess.cut_patches import CutPatch, PatchCutter
from idh_tasks.pipelines.preprocess.series_images import SeriesImages
from idh_tasks.pipelines.preprocess.study_images import StudyImages
from idh_tasks.pipelines.preprocess.tumour_outline import TumourOutline
from idh_tasks.settings import ImagingSettings
from tools.phantom_scan import ScannedPatient, scan

SETTINGS = ImagingSettings(normalisation="tumour_mean")
"""The mean of the tumour spares the brain mask."""
FORMS = ("standard", "multifocal", "old head", "non-enhancing", "small head", "at the surface", "cystic", "young head")
"""The variants of the studies; all have the same grids for the same vendor."""
STUDIES = len(FORMS)
SEED = 17
STATIC = (MrSequence.T1, MrSequence.T2, MrSequence.FLAIR)
Series = list[Dataset]


@dataclass(frozen=True, eq=False)
class Study:
    """A synthetic study without motion: its series as they passed the gate, and the truth."""

    patient: ScannedPatient
    series: dict[MrSequence, Series]

    def copies(self, sequence: MrSequence) -> Series:
        """Return the instances of a series, to be changed."""
        return [_copied(ds) for ds in self.series[sequence]]

    @cached_property
    def tumour(self) -> Mask:
        """Return the tumour on the grid of T2."""
        return self.on_grid_of(MrSequence.T2, np.isin(self.patient.anatomy.labels, TUMOUR))

    @cached_property
    def outline(self) -> bytes:
        """Return the tumour as a NIfTI mask."""
        return nifti(Volume(self.tumour.astype(np.float32), self.volume(MrSequence.T2).geometry))

    def on_grid_of(self, sequence: MrSequence, mask: Mask) -> Mask:
        """Return a mask of the anatomy on the grid of a series."""
        grid, source = self.patient.series[sequence][2].geometry, self.patient.anatomy.geometry
        return sample(mask.astype(np.float32), source, grid, Displacement()) > 0.5

    def volume(self, sequence: MrSequence) -> Volume:
        """Return the image of a static series as it was acquired."""
        acquired = self.patient.series[sequence][2]
        return Volume(acquired.frames[0].astype(np.float32), acquired.geometry)

    @cached_property
    def images(self) -> SeriesImages:
        """Return what preprocessing makes of the series without an error."""
        return SeriesImages(reader(self.series.values()), SETTINGS)

    @cached_property
    def patches(self) -> PatchCutter:
        """Return what cuts the patches without an error."""
        return cutter(still(self.series.values(), self.outline))

    @cached_property
    def marked(self) -> Mask:
        """Return the tumour in the space of the MPRAGE."""
        return TumourOutline(still(self.series.values(), self.outline)).mask

    @cache  # noqa: B019  studies live as long as the program
    def patch(self, sequence: MrSequence) -> CutPatch:
        """Return the patch of a sequence without an error."""
        return self.patches.cut(sequence)

    def changed(self, sequence: MrSequence, instances: Series) -> list[Series]:
        """Return all series, of which one is changed."""
        return list((self.series | {sequence: instances}).values())


class StillImages(StudyImages):
    """The images of a study whose head did not move: what a registration would find is known."""

    def registration(self, _sequence: MrSequence) -> Registration:
        """Return the identity."""
        return IDENTITY


def reader(series: Iterable[Sequence[Dataset]], mask: bytes | None = None) -> FolderSeriesReader:
    """Name the series of a study and return what reads them."""
    return as_reader(name_study(series), mask)


def still(
    series: Iterable[Sequence[Dataset]], mask: bytes | None = None, settings: ImagingSettings = SETTINGS
) -> StillImages:
    """Return the images of a study without motion."""
    return StillImages(reader(series, mask), settings)


def cutter(images: StudyImages) -> PatchCutter:
    """Return what cuts the patches of a study with its delivered outline."""
    return PatchCutter(images, TumourOutline(images))


def nifti(mask: Volume) -> bytes:
    """Return a mask as the bytes of a NIfTI file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "roi.nii.gz"
        write_nifti(path, mask.voxels > 0, mask.geometry)
        return path.read_bytes()


@cache
def study(number: int) -> Study:
    """Scan one study; the perfusion series is coarse."""
    variant = next(one for one in VARIANTS if one.name == FORMS[number])
    patient = scan(number, variant, motion=0.0, seed=SEED, adapt=_coarse)
    delivered = patient.delivered()
    found: dict[MrSequence, SeriesRecord] = {one.identification.sequence: one for one in delivered.series}
    return Study(patient, {sequence: delivered.instances(record) for sequence, record in found.items()})


def _coarse(recipe: Recipe) -> Recipe:
    if not recipe.time_points:
        return recipe
    return replace(recipe, size=(8, 40, 40), spacing_mm=(5.6, 5.6, 12.0))


def _copied(ds: Dataset) -> Dataset:
    """Return a data set whose elements can be replaced with `put`; the elements themselves are shared."""
    twin = Dataset()
    twin.update(ds)
    twin.file_meta = ds.file_meta
    return twin


def put(ds: Dataset, **values: object) -> None:
    """Replace elements; None removes one."""
    for keyword, value in values.items():
        if value is not None:
            ds.add(DataElement(keyword, dictionary_VR(keyword), value))
        elif keyword in ds:
            delattr(ds, keyword)


def pixels(ds: Dataset) -> Float:
    """Return the stored pixels."""
    return np.frombuffer(ds.PixelData, dtype=np.int16).reshape(ds.Rows, ds.Columns).astype(np.float32)


def set_pixels(ds: Dataset, image: Float) -> None:
    """Replace the stored pixels."""
    content = np.ascontiguousarray(np.round(image).astype(np.int16)).tobytes()
    put(ds, Rows=image.shape[0], Columns=image.shape[1])
    ds.add_new("PixelData", "OW", content)
