"""Right studies, of which none may be refused."""

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Mask
from idh_tasks.phantom.tissue import Tissue
from tools.planted.case import Case, kinds
from tools.planted.coverage import ANATOMICAL, covering
from tools.planted.judges import adc_case, image_case, order_case, outline_case, patch_case, place_case, rcbv_case
from tools.planted.patient import segmentation
from tools.planted.scale import adc_map
from tools.planted.study import STATIC, Series, Study, pixels, put, set_pixels

Rng = np.random.Generator
MAPS = {MrSequence.ADC: MrSequence.DWI, MrSequence.RCBV: MrSequence.DSC}


def _any_order(series: Series, rng: Rng) -> Series:
    return [series[index] for index in rng.permutation(len(series))]


def image(study: Study, rng: Rng) -> Case:
    """Read an anatomical series, in any order of files."""
    sequence = (*STATIC, MrSequence.MPRAGE)[rng.integers(4)]
    return image_case(study, sequence, _any_order(study.copies(sequence), rng))


def perfusion_series(study: Study, rng: Rng) -> Case:
    """Read a perfusion series, in any order of files."""
    return order_case(study, _any_order(study.copies(MrSequence.DSC), rng))


def blood_volume(study: Study, rng: Rng) -> Case:
    """Compute rCBV."""
    return rcbv_case(study, _any_order(study.copies(MrSequence.DSC), rng))


def diffusion(study: Study, rng: Rng) -> Case:
    """Compute the ADC."""
    return adc_case(study, _any_order(study.copies(MrSequence.DWI), rng))


def mask(study: Study, _rng: Rng) -> Case:
    """Read the tumour from a NIfTI mask."""
    return outline_case(study, study.outline)


def segment(study: Study, _rng: Rng) -> Case:
    """Read the tumour from a DICOM SEG."""
    return outline_case(study, None, segmentation(study, study.tumour))


def slab(study: Study, rng: Rng) -> Case:
    """Cut a patch from a slab that contains the tumour."""
    sequence = (MrSequence.T1, MrSequence.FLAIR)[rng.integers(2)]
    return patch_case(study, sequence, covering(study, sequence))


def masked_background(study: Study, rng: Rng) -> Case:
    """Cut a patch from images whose dark voxels were set to zero, as some scanners do."""
    sequence = ANATOMICAL[rng.integers(2)]
    series, least = study.copies(sequence), float(rng.uniform(20, 60))
    for ds in series:
        set_pixels(ds, np.where(pixels(ds) < least, 0, pixels(ds)))
    return patch_case(study, sequence, series)


def skull_stripped(study: Study, rng: Rng) -> Case:
    """Cut a patch from images of which only the brain was kept."""
    sequence = ANATOMICAL[rng.integers(2)]
    series = study.copies(sequence)
    for ds, inside in zip(series, study.on_grid_of(sequence, _brain(study)), strict=True):
        set_pixels(ds, np.where(inside, pixels(ds), 0))
    return patch_case(study, sequence, series)


def map_of_the_brain(study: Study, rng: Rng) -> Case:
    """Cut a patch from a delivered ADC map of the brain, with zeros in a part of the tumour where the fit failed."""
    maps = adc_map(study, 1.0)
    failed = rng.random((len(maps), maps[0].Rows, maps[0].Columns)) < 0.02
    for ds, inside, lost in zip(maps, study.on_grid_of(MrSequence.DWI, _brain(study)), failed, strict=True):
        set_pixels(ds, np.where(inside & ~lost, pixels(ds), 0))
    return patch_case(study, MrSequence.ADC, maps)


def _brain(study: Study) -> Mask:
    return np.asarray(study.patient.anatomy.labels >= Tissue.CSF)


def _moved(series: Series, rng: Rng) -> tuple[Series, Callable[[np.ndarray], np.ndarray]]:
    """Return a series during which the head lay up to 8 mm and 6 degrees away."""
    turn = Rotation.from_euler("xyz", rng.uniform(-6, 6, 3), degrees=True)
    shift = rng.uniform(-8, 8, 3)

    def move(points: np.ndarray) -> np.ndarray:
        return np.asarray(turn.apply(points) + shift)

    for ds in series:
        axes = turn.apply(np.reshape(ds.ImageOrientationPatient, (2, 3)))
        put(ds, ImageOrientationPatient=[round(float(c), 9) for c in axes.ravel()])
        put(ds, ImagePositionPatient=[round(float(c), 6) for c in move(np.array(ds.ImagePositionPatient, float))])
    return series, move


def registration(study: Study, rng: Rng) -> Case:
    """Register an anatomical series after a movement."""
    sequence = STATIC[rng.integers(len(STATIC))]
    series, move = _moved(study.copies(sequence), rng)
    return place_case(study, sequence, series, move)


def registration_of_maps(study: Study, rng: Rng) -> Case:
    """Register a diffusion or perfusion series after a movement."""
    sequence = list(MAPS)[rng.integers(len(MAPS))]
    series, move = _moved(study.copies(MAPS[sequence]), rng)
    return place_case(study, sequence, series, move, of=MAPS[sequence])


CHEAP = (image, perfusion_series, blood_volume, diffusion, mask, segment, slab)
KINDS = kinds("right", CHEAP) + kinds(
    "right", (masked_background, skull_stripped, map_of_the_brain, registration, registration_of_maps), costly=True
)
