"""Images and outlines of another patient, and outlines that do not show the tumour."""

from collections.abc import Sequence

import highdicom as hd
import numpy as np
import SimpleITK as sitk
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid
from scipy import ndimage

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Mask, Volume
from idh_tasks.imaging.itk import resample
from idh_tasks.phantom.tissue import Tissue
from tools.planted.case import Case, Kind, kinds
from tools.planted.judges import image_case, outline_case, place_case
from tools.planted.study import SEED, STATIC, STUDIES, Series, Study, nifti, pixels, put, set_pixels, study

Rng = np.random.Generator
IN_PLANE = np.ones((1, 3, 3), dtype=bool)
BODY_PARTS = ("KNEE", "ABDOMEN", "PELVIS", "CSPINE", "PROSTATE", "HEART", "BREAST", "SHOULDER", "LSPINE", "LIVER")
OF_THE_STUDY = ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "SeriesInstanceUID", "StudyDate")


def _other(one: Study, rng: Rng) -> Study:
    number = one.patient.plan.number
    return study(int((number + rng.integers(1, STUDIES)) % STUDIES))


def _as_if_of(one: Study, sequence: MrSequence, series: Series) -> Series:
    """Return another patient's images under the identifiers of this study."""
    own = one.series[sequence][0]
    for ds in series:
        put(ds, **{keyword: own.get(keyword) for keyword in OF_THE_STUDY})
    return series


def other_patient(one: Study, rng: Rng) -> Case:
    """Replace a series by that of another patient."""
    sequence = STATIC[rng.integers(len(STATIC))]
    return place_case(one, sequence, _as_if_of(one, sequence, _other(one, rng).copies(sequence)), None)


def other_patient_maps(one: Study, rng: Rng) -> Case:
    """Replace the diffusion images by those of another patient."""
    series = _as_if_of(one, MrSequence.DWI, _other(one, rng).copies(MrSequence.DWI))
    return place_case(one, MrSequence.ADC, series, None, of=MrSequence.DWI)


def other_patient_perfusion(one: Study, rng: Rng) -> Case:
    """Replace the perfusion series by that of another patient."""
    series = _as_if_of(one, MrSequence.DSC, _other(one, rng).copies(MrSequence.DSC))
    return place_case(one, MrSequence.RCBV, series, None, of=MrSequence.DSC)


def other_body_part(one: Study, rng: Rng) -> Case:
    """Deliver a series of another part of the body, which its header states."""
    sequence = STATIC[rng.integers(len(STATIC))]
    series, part = one.copies(sequence), BODY_PARTS[rng.integers(len(BODY_PARTS))]
    for ds in series:
        put(ds, BodyPartExamined=part)
        set_pixels(ds, np.roll(pixels(ds), ds.Rows // 3, axis=0))
    return image_case(one, sequence, series)


def upside_down(one: Study, rng: Rng) -> Case:
    """Exchange top and bottom of the pixels under an unchanged header: the head is mirrored."""
    sequence = STATIC[rng.integers(len(STATIC))]
    series = one.copies(sequence)
    for ds, image in zip(series, [pixels(ds) for ds in reversed(series)], strict=True):
        set_pixels(ds, image)
    return place_case(one, sequence, series, None)


def on_t2(one: Study, mask: Mask) -> Volume:
    """Return a mask on the grid of the T2."""
    return Volume(mask.astype(np.float32), one.volume(MrSequence.T2).geometry)


def other_mask(one: Study, rng: Rng) -> Case:
    """Deliver the mask of another patient, on the grid of that patient's T2."""
    other = _other(one, rng)
    return outline_case(one, nifti(on_t2(other, other.tumour)))


def mirrored_mask(one: Study, _rng: Rng) -> Case:
    """Deliver the mask with left and right exchanged."""
    return outline_case(one, nifti(on_t2(one, one.tumour[:, :, ::-1])))


def mask_upside_down(one: Study, rng: Rng) -> Case:
    """Deliver the mask with front and back, or top and bottom, exchanged."""
    return outline_case(one, nifti(on_t2(one, np.flip(one.tumour, int(rng.integers(2))))))


def shifted_mask(one: Study, rng: Rng) -> Case:
    """Deliver the mask at another place: its origin is wrong by 15 to 60 mm."""
    mask, shift = on_t2(one, one.tumour), rng.normal(size=3)
    origin = np.array(mask.geometry.origin_mm) + shift / np.linalg.norm(shift) * rng.uniform(15, 60)
    transform = sitk.TranslationTransform(3, (np.array(mask.geometry.origin_mm) - origin).tolist())
    return outline_case(one, nifti(resample(mask, mask.geometry, transform, nearest=True)))


def brain_mask(one: Study, rng: Rng) -> Case:
    """Deliver a mask of the brain, or of the head, instead of the tumour."""
    least = Tissue.CSF if rng.random() < 0.7 else Tissue.SCALP
    return outline_case(one, nifti(on_t2(one, one.on_grid_of(MrSequence.T2, one.patient.anatomy.labels >= least))))


def ventricles(one: Study, _rng: Rng) -> Case:
    """Deliver a mask of the fluid instead of the tumour."""
    fluid = one.on_grid_of(MrSequence.T2, one.patient.anatomy.labels == Tissue.CSF)
    return outline_case(one, nifti(on_t2(one, ndimage.binary_opening(fluid, IN_PLANE))))


def empty_mask(one: Study, rng: Rng) -> Case:
    """Deliver a mask without a voxel, or with hardly any."""
    mask = np.zeros_like(one.tumour)
    mask[tuple(np.argwhere(one.tumour)[0])] = rng.random() < 0.5
    return outline_case(one, nifti(on_t2(one, mask)))


def segmentation(source: Study, mask: Mask) -> Dataset:
    """Return a mask on the T2 of a study as a DICOM SEG."""
    tumour = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="tumour",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
    )
    return hd.seg.Segmentation(
        source_images=source.copies(MrSequence.T2),
        pixel_array=mask.astype(np.uint8),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[tumour],
        series_instance_uid=generate_uid(entropy_srcs=[str(SEED), "seg"]),
        series_number=90,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer="Phantom",
        manufacturer_model_name="idh phantom",
        software_versions="1",
        device_serial_number="1",
    )


def other_segmentation(one: Study, rng: Rng) -> Case:
    """Deliver the segmentation of another patient, with or without the frame of reference of this one."""
    other = _other(one, rng)
    seg = segmentation(other, other.tumour)
    if rng.random() < 0.5:
        put(seg, FrameOfReferenceUID=one.series[MrSequence.T2][0].FrameOfReferenceUID)
    return outline_case(one, None, seg)


def two_outlines(one: Study, rng: Rng) -> Case:
    """Deliver a segmentation and a mask that disagree."""
    grown = ndimage.binary_dilation(one.tumour, IN_PLANE, iterations=int(rng.integers(3, 8)))
    masks: Sequence[Mask] = [one.tumour, grown if rng.random() < 0.5 else one.tumour[:, :, ::-1]]
    first, second = rng.permutation(2)
    return outline_case(one, nifti(on_t2(one, masks[first])), segmentation(one, masks[second]))


IMAGES = (other_patient, upside_down, other_patient_maps, other_patient_perfusion)
OUTLINES = (other_mask, mirrored_mask, mask_upside_down, shifted_mask, brain_mask, ventricles, empty_mask,
            other_segmentation, two_outlines)  # fmt: skip
KINDS = (
    *kinds("patient", IMAGES, costly=True),
    Kind("patient", "other body part", other_body_part),
    *kinds("patient", OUTLINES, costly=True),
)
