"""Reads a delivered NIfTI mask, whatever its orientation, byte order, data type and labels."""

from io import BytesIO

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from idh_tasks.domain.volume import Geometry, Mask, Volume, triple
from idh_tasks.imaging.files import mask_bytes
from idh_tasks.imaging.outline.nifti_size import unpacked_nifti
from idh_tasks.imaging.outline.refusals import refused

TUMOUR_PARTS = (1, 2, 3, 4)
"""Labels of the parts of a tumour in BraTS, of which several may occur."""
CERTAIN = 0.5
"""The probability from which a voxel of a probability map belongs to the tumour."""
NOTHING = 0.05
"""Probabilities up to this are those of healthy tissue."""
WHOLE_NUMBER = 1e-4
REAL = "biuf"
"""Kinds of data types whose values are real numbers."""
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def read_nifti(content: bytes) -> Volume:
    """Read a mask from the bytes of a NIfTI file, gzipped or not.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` if it cannot be read or has several volumes, its position is not stated, stated in two ways or on
        oblique axes, its values are neither labels nor probabilities, it is larger than is read, or it is empty.
    """
    image = _load(content)
    mask = _marked(_voxels(image))
    if not mask.any():
        raise refused("the mask is empty")
    return Volume(mask.astype(np.float32), _geometry(image, mask.shape))


def _load(content: bytes) -> nib.Nifti1Image:
    unpacked = unpacked_nifti(content)
    for kind in (nib.Nifti1Image, nib.Nifti2Image):
        try:
            image: nib.Nifti1Image = kind.from_stream(BytesIO(unpacked))
            np.asanyarray(image.dataobj[..., :1])
        except Exception:  # nibabel raises many types, and some carry text of the header  # noqa: S112
            continue
        return image
    raise refused("the mask is not a NIfTI file, or is damaged")


def _voxels(image: nib.Nifti1Image) -> NDArray[np.float32]:
    """Return the scaled values as (z, y, x)."""
    if not 3 <= len(image.shape) <= 7 or set(image.shape[3:]) - {1} or min(image.shape) < 1:
        raise refused("the mask is not one three-dimensional volume")
    if image.get_data_dtype().kind not in REAL:
        raise refused("the values of the mask are complex numbers or colours")
    try:
        values = np.asarray(image.dataobj, dtype=np.float32)
    except (OSError, ValueError, TypeError, EOFError):
        raise refused("the mask is damaged") from None
    return values.reshape(image.shape[:3]).transpose(2, 1, 0)


def _marked(values: NDArray[np.float32]) -> Mask:
    """Return the voxels of the tumour: any label of its parts, or a probability of at least one half.

    What takes memory is done slice by slice.

    Raises
    ------
    StudyQuarantinedError
        ``E_ROI`` for values that are neither, and for an image whose values look like probabilities.
    """
    if not all(np.isfinite(plane).all() for plane in values) or values.min() < -WHOLE_NUMBER:
        raise refused("the mask has negative values, or values that are not finite")
    if max(float(np.abs(plane - np.round(plane)).max()) for plane in values) > WHOLE_NUMBER:
        if values.max() > 1 + WHOLE_NUMBER:
            raise refused("the values of the mask are neither labels nor probabilities from 0 to 1")
        return _probable(values)
    labels = sorted({int(label) for plane in values for label in np.unique(np.round(plane)) if label > 0})
    if len(labels) > 1 and not set(labels) <= set(TUMOUR_PARTS):
        raise refused(f"the mask has {len(labels)} labels up to {labels[-1]}; which of them is the tumour?")
    return np.asarray(values > CERTAIN)


def _probable(values: NDArray[np.float32]) -> Mask:
    """Return the voxels that are more probably tumour than not; an image scaled to 1 has as much signal elsewhere."""
    mask = np.asarray(values >= CERTAIN)
    outside = float(values[~mask & (values > NOTHING)].sum(dtype=np.float64))
    inside = float(values[mask].sum(dtype=np.float64))
    if outside > inside > 0:
        raise refused(
            "the probabilities of the mask add up to "
            f"{outside / inside:.1f} times as much outside the outline as inside it; is it an image?"
        )
    return mask


def _geometry(image: nib.Nifti1Image, shape: tuple[int, ...]) -> Geometry:
    """Return the grid in DICOM's coordinates; rounded axes are replaced by the nearest that are at right angles."""
    affine = RAS_TO_LPS @ _affine(image)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or not (spacing > 0).all():
        raise refused("the header of the mask states no valid grid")
    left, _, right = np.linalg.svd(affine[:3, :3] / spacing)
    direction = left @ right
    middle = (np.array(shape[::-1]) - 1) / 2
    change = (direction * spacing - affine[:3, :3]) * middle
    shift = float((np.abs(change).sum(axis=1) / spacing.min()).max())
    if shift > 0.5:
        raise refused(
            "the axes of the mask are oblique to one another: "
            f"at right angles, its corners would move by {shift:.1f} voxels; resample it to a rectangular grid"
        )
    origin = affine[:3, :3] @ middle + affine[:3, 3] - (direction * spacing) @ middle
    return Geometry((shape[0], shape[1], shape[2]), triple(spacing), triple(origin), tuple(direction.ravel().tolist()))


def _affine(image: nib.Nifti1Image) -> NDArray[np.float64]:
    """Return the affine to RAS, from sform or qform; both must say the same."""
    sform, sform_code = image.get_sform(coded=True)
    qform, qform_code = _qform(image)
    stated = [affine for affine, code in ((sform, sform_code), (qform, qform_code)) if code and affine is not None]
    if not stated:
        raise refused("the header of the mask does not state where it lies")
    if len(stated) > 1:
        _check_agree(stated[0], stated[1], image.shape[:3])
    return np.asarray(stated[0], dtype=np.float64)


def _qform(image: nib.Nifti1Image) -> tuple[NDArray[np.float64] | None, int]:
    try:
        qform, code = image.get_qform(coded=True)
    except Exception:  # an invalid quaternion
        return None, 0
    return qform, int(code)


def _check_agree(sform: NDArray[np.float64], qform: NDArray[np.float64], shape: tuple[int, ...]) -> None:
    corners = np.array(np.meshgrid(*((0, n - 1) for n in shape), [1], indexing="ij")).reshape(4, -1)
    apart = float(np.linalg.norm(((sform - qform) @ corners)[:3], axis=0).max())
    voxel = float(np.linalg.norm(sform[:3, :3], axis=0).min())
    if not apart <= voxel / 2:
        raise refused(f"sform and qform of the mask place it {apart:.1f} mm apart")


def rewrite_nifti(content: bytes) -> bytes:
    """Return the mask as a new NIfTI file with its voxels and grid, without free text from the delivered header."""
    mask = read_nifti(content)
    return mask_bytes(mask.voxels > 0, mask.geometry)
