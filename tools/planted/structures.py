"""Delivered outlines of other things than the tumour, and segmentations and structure sets with faults of geometry."""

from collections.abc import Sequence

import numpy as np
from contourpy import contour_generator
from pydicom import Dataset
from pydicom.uid import generate_uid
from scipy import ndimage

from idh_tasks.domain.sequence import MrSequence
from idh_tasks.domain.volume import Mask
from tests import outlines
from tools.planted.case import Case, kinds
from tools.planted.judges import outline_case, patch_case
from tools.planted.patient import on_t2, segmentation
from tools.planted.study import Study, nifti, pixels, put, set_pixels

Rng = np.random.Generator
NEGATED = (
    "No tumor", "non-tumor", "no tumour seen", "kein Tumor", "nicht Tumor", "tumorfrei", "Tumor-frei", "ohne Tumor",
    "pas de tumeur", "sans tumeur", "hors tumeur", "non tumorale", "sin tumor", "no tumoral", "senza tumore",
    "geen tumor", "bez guza", "NoTumor", "brain minus GTV", "Brain-GTV", "Tumor mirror", "contralateral to tumor",
    "Gegenseite Tumor", "GTV mirrored", "outside tumour",
)  # fmt: skip
OTHER = (
    "Cavité de résection", "Cavite de resection", "Resektionsdefekt", "Resektionshöhle", "resection cavity",
    "Kontralateral", "NAWM", "Normal appearing white matter", "Hematoma", "Hämatom", "Infarkt", "infarctus", "Abszess",
    "abcès", "Ventricules", "Ventrikel", "Sehnerv", "nerf optique", "Körper", "Meningeom", "Metastase",
    "métastase", "Hirnstamm", "tronc cérébral", "Hippocampus", "Chiasma", "Linse links", "Mask brain", "cerebelo",
    "White matter hyperintensity", "Biopsy target", "PTV60", "CTV", "GTV+5mm", "isodose 95%", "Artefakt",
)  # fmt: skip
PARTS = ("Edema", "Ödem", "Œdème", "peritumoral edema", "Necrosis", "Nekrose", "nécrose", "NCR", "Zyste")
TISSUE = ("85756007", "SCT", "Tissue")


def _labelled(one: Study, mask: Mask, label: str, *, neoplasm: bool = True) -> Dataset:
    """Return a mask as a DICOM SEG whose segment has this label, with the code of a neoplasm or of any tissue."""
    seg = segmentation(one, mask)
    segment = seg.SegmentSequence[0]
    put(segment, SegmentLabel=label)
    if not neoplasm:
        item = segment.SegmentedPropertyTypeCodeSequence[0]
        put(item, CodeValue=TISSUE[0], CodingSchemeDesignator=TISSUE[1], CodeMeaning=TISSUE[2])
    return seg


def _contours(mask: Mask, every: int) -> list[list[list[float]]]:
    """Return the outlines of each part on every n-th slice that has any, in voxels."""
    marked = np.nonzero(mask.any(axis=(1, 2)))[0][::every].tolist()
    return [
        [[float(x), float(y), float(z)] for x, y in np.asarray(line)[:-1].tolist()]
        for z in marked
        for line in contour_generator(z=mask[z].astype(float)).lines(0.5)
    ]


def structure_set(one: Study, mask: Mask, name: str, every: int = 1) -> Dataset:
    """Return a mask on the T2 of a study as an RTSTRUCT with contours on every n-th slice."""
    rtss = outlines.structures({name: _contours(mask, every)}, one.volume(MrSequence.T2).geometry)
    uid = one.series[MrSequence.T2][0].FrameOfReferenceUID
    for roi in rtss.StructureSetROISequence:
        put(roi, ReferencedFrameOfReferenceUID=uid)
    put(rtss, FrameOfReferenceUID=uid, SeriesInstanceUID=generate_uid())
    return rtss


def _elsewhere(one: Study) -> Mask:
    return one.tumour[:, :, ::-1]


def _named(one: Study, mask: Mask, names: Sequence[str], rng: Rng) -> Case:
    name = names[int(rng.integers(len(names)))]
    if rng.random() < 0.5:
        return outline_case(one, None, structure_set(one, mask, name))
    return outline_case(one, None, _labelled(one, mask, name, neoplasm=rng.random() < 0.5))


def negated_name(one: Study, rng: Rng) -> Case:
    """Deliver what is no tumour, under a name in which 'tumour' is negated."""
    return _named(one, _elsewhere(one), NEGATED, rng)


def other_structure(one: Study, rng: Rng) -> Case:
    """Deliver another structure as the only outline."""
    return _named(one, _elsewhere(one), OTHER, rng)


def only_a_part(one: Study, rng: Rng) -> Case:
    """Deliver a part of the tumour as the only outline, under the name of the part."""
    depth = ndimage.distance_transform_edt(one.tumour, sampling=(3, 1, 1))
    core = np.asarray(depth > 0.4 * depth.max())
    return _named(one, core if rng.random() < 0.5 else one.tumour & ~core, PARTS, rng)


def complement(one: Study, rng: Rng) -> Case:
    """Deliver a mask of everything but the tumour."""
    if rng.random() < 0.5:
        return outline_case(one, nifti(on_t2(one, ~one.tumour)))
    return outline_case(one, None, _labelled(one, ~one.tumour, "tumour"))


def whole_image(one: Study, rng: Rng) -> Case:
    """Deliver a mask of the whole image, or of whole slices."""
    mask = np.ones_like(one.tumour)
    if rng.random() < 0.5:
        mask &= one.tumour.any(axis=(1, 2), keepdims=True)
    return outline_case(one, nifti(on_t2(one, mask)))


def image_as_mask(one: Study, rng: Rng) -> Case:
    """Deliver an image, or random numbers, instead of a mask."""
    image = one.volume(MrSequence.FLAIR).voxels if rng.random() < 0.5 else rng.random(one.tumour.shape)
    scaled = image / float(image.max()) * float(rng.choice((1.0, 255.0)))
    return outline_case(one, outlines.nifti(scaled.astype(np.float32), one.volume(MrSequence.T2).geometry))


def frames_twice(one: Study, rng: Rng) -> Case:
    """State the position of one frame of a segmentation for another frame too."""
    seg = segmentation(one, one.tumour)
    groups = seg.PerFrameFunctionalGroupsSequence
    count = int(rng.integers(1, max(2, len(groups) // 2)))
    for group in groups[1 : 1 + count]:
        put(
            group.PlanePositionSequence[0], ImagePositionPatient=groups[0].PlanePositionSequence[0].ImagePositionPatient
        )
    return outline_case(one, None, seg)


def frames_contradict_their_sources(one: Study, rng: Rng) -> Case:
    """State positions of the frames of a segmentation that are not those of the images from which they derive."""
    seg, shift = segmentation(one, one.tumour), rng.choice((-1, 1), 3) * rng.uniform((8, 8, 10), (20, 20, 20))
    for group in seg.PerFrameFunctionalGroupsSequence:
        position = group.PlanePositionSequence[0]
        moved = np.array(position.ImagePositionPatient, float) + shift
        put(position, ImagePositionPatient=[round(float(c), 6) for c in moved])
    return outline_case(one, None, seg)


def contours_on_some_slices(one: Study, rng: Rng) -> Case:
    """Deliver contours on every second to fourth slice, as drawn on a coarser series."""
    return outline_case(one, None, structure_set(one, one.tumour, "GTV", int(rng.integers(2, 5))))


def two_frames_of_reference(one: Study, rng: Rng) -> Case:
    """Deliver a T2 whose upper slices were acquired after the patient was positioned anew."""
    series, other = one.copies(MrSequence.T2), generate_uid()
    shift = tuple(int(step) for step in rng.choice((-1, 1), 2) * rng.integers(4, 9, 2))
    for ds in series[int(rng.integers(6, len(series) - 6)) :]:
        put(ds, FrameOfReferenceUID=other)
        set_pixels(ds, np.roll(pixels(ds), shift, axis=(0, 1)))
    return patch_case(one, MrSequence.T2, series)


KINDS = kinds("geometry", (frames_twice, frames_contradict_their_sources, contours_on_some_slices,
                           two_frames_of_reference), costly=True) + kinds("patient", (
    negated_name, other_structure, only_a_part, complement, whole_image, image_as_mask), costly=True)  # fmt: skip
