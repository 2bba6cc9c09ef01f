"""Builds the data that tests need; attributes of an instance can be overridden by keyword."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid
from scipy.ndimage import gaussian_filter

from idh_tasks.domain.learning import HeldOutScore
from idh_tasks.domain.volume import Geometry, Mask, Series4D, Volume

MARKER = "Zebedee^Marker"
MARKER_ID = "MRN-4711-MARKER"


def instance(**overrides: Any) -> Dataset:
    """Return a small, valid MR instance of an identified patient."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = MRImageStorage, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    ds.Modality, ds.PatientName, ds.PatientID = "MR", MARKER, MARKER_ID
    ds.PatientBirthDate, ds.PatientSex, ds.StudyDate = "19600102", "F", "20180304"
    ds.Rows = ds.Columns = 8
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.PixelSpacing, ds.ImageOrientationPatient = [1.0, 1.0], [1, 0, 0, 0, 1, 0]
    ds.ImagePositionPatient, ds.InstanceNumber = [0, 0, 0], 1
    ds.RepetitionTime, ds.EchoTime = "500", "10"
    ds.ScanningSequence = "SE"
    ds.PixelData = np.arange(64, dtype=np.uint16).tobytes()
    for keyword, value in overrides.items():
        setattr(ds, keyword, value)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def stack(positions_mm: list[float], **overrides: Any) -> list[Dataset]:
    """Return axial instances at the given positions, numbered in order."""
    return [
        instance(ImagePositionPatient=[0, 0, position], InstanceNumber=number, **overrides)
        for number, position in enumerate(positions_mm, start=1)
    ]


def dicom_bytes(ds: Dataset) -> bytes:
    """Return an instance as the bytes of a DICOM file."""
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def geometry(shape: tuple[int, int, int], spacing: float = 2.0) -> Geometry:
    """Return an axial grid centred on the origin."""
    origin = tuple(-spacing * (n - 1) / 2 for n in shape[::-1])
    return Geometry(shape, (spacing, spacing, spacing), (origin[0], origin[1], origin[2]))


def ball(shape: tuple[int, int, int], radius: float, centre: tuple[float, float, float] | None = None) -> Mask:
    """Return a ball in voxels, around the middle unless a centre is given."""
    middle = centre or tuple((n - 1) / 2 for n in shape)
    grid = np.indices(shape, dtype=np.float64)
    distance = sum((axis - c) ** 2 for axis, c in zip(grid, middle, strict=True))
    return np.asarray(distance <= radius**2)


def head(shape: tuple[int, int, int] = (60, 70, 60)) -> Volume:
    """Return a bright brain with some structure, inside a dark skull and a bright scalp."""
    brain, skull, scalp = ball(shape, 22), ball(shape, 25), ball(shape, 28)
    voxels = np.zeros(shape, dtype=np.float32)
    voxels[scalp], voxels[skull], voxels[brain] = 700, 40, 500
    folds = gaussian_filter(np.random.default_rng(1).standard_normal(shape), 2.0)
    voxels[brain] += 150 * np.sign(folds[brain])
    return Volume(voxels, geometry(shape))


def diffusion(adc: float, b_values: tuple[float, ...], noise: float = 0.0) -> Series4D:
    """Return a series with one ADC (10⁻⁶ mm²/s), S₀ 1000 and Rician noise; the rows from 24 on are air."""
    shape = (6, 32, 24)
    clean = 1000 * np.exp(-np.array(b_values) * adc * 1e-6)[:, None, None, None] * (np.arange(32) < 24)[:, None]
    real, imaginary = np.random.default_rng(1).normal(0, 1, (2, len(b_values), *shape)) * noise
    noisy = np.hypot(clean + real, imaginary)
    return Series4D(noisy.astype(np.float32), geometry(shape), b_values, 80.0)


def fibre_tensor(fibre: Sequence[float], along: float = 1700.0, across: float = 300.0) -> np.ndarray:
    """Return the diffusion tensor (10⁻⁶ mm²/s) of an aligned tract that runs in a direction."""
    unit = np.array(fibre) / np.linalg.norm(fibre)
    return across * np.eye(3) + (along - across) * np.outer(unit, unit)


def directional_signals(tensor: np.ndarray, gradients: np.ndarray, b: float, s0: float = 1000.0) -> np.ndarray:
    """Return the signal of a tensor (10⁻⁶ mm²/s) for each gradient direction."""
    return np.asarray(s0 * np.exp(-b * 1e-6 * np.einsum("ni,ij,nj->n", gradients, tensor, gradients)))


def directions(count: int, seed: int = 1, squeeze: float = 1.0) -> np.ndarray:
    """Return unit vectors that cover half a sphere in a spiral, roughly evenly; `squeeze` < 1 flattens it to a disc."""
    height = (np.arange(count) + 0.5) / count
    angle = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    width = np.sqrt(1 - height**2)
    spiral = np.stack([width * np.cos(angle), width * np.sin(angle), squeeze * height], axis=1)
    vectors = spiral + 0.1 * squeeze * np.random.default_rng(seed).standard_normal((count, 3))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def cramer_rao(adc: float, b_values: np.ndarray, noise: float) -> float:
    """Return the Cramér-Rao bound on the standard deviation of the ADC from these signals, with S₀ unknown."""
    signal = 1000 * np.exp(-b_values * adc * 1e-6)
    jacobian = np.stack([signal / 1000, -b_values * 1e-6 * signal], axis=1)
    return float(np.sqrt(np.linalg.inv(jacobian.T @ jacobian / noise**2)[1, 1]))


def scores(mutant: list[float], wildtype: list[float], fold: int = 0) -> list[HeldOutScore]:
    """Return held-out scores with these probabilities."""
    both = [(True, p) for p in mutant] + [(False, p) for p in wildtype]
    return [HeldOutScore(f"p{number:03d}", fold, label, p, p) for number, (label, p) in enumerate(both)]
