"""The images of one stored study in MPRAGE space, each made when it is first asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from pydicom import Dataset

from idh_tasks.db.studies import StoredStudy
from idh_tasks.domain.sequence import Confidence, MrSequence, Provenance
from idh_tasks.domain.study import SEGMENTATION, SeriesRecord
from idh_tasks.domain.volume import Float, Mask, Volume
from idh_tasks.errors import SeriesRejectedError, StudyQuarantinedError
from idh_tasks.imaging import roi
from idh_tasks.imaging.adc import fit_adc
from idh_tasks.imaging.assembly import (
    assemble_over_b,
    assemble_over_time,
    assemble_volume,
    read_all,
)
from idh_tasks.imaging.brain import brain_mask
from idh_tasks.imaging.itk import axial, resample
from idh_tasks.imaging.normalise import brain_zscore, tumour_mean
from idh_tasks.imaging.patch import Rectangle, cut_patch, widest_rectangle
from idh_tasks.imaging.perfusion import MIN_BASELINE, compute_rcbv
from idh_tasks.imaging.proposal import propose_tumour
from idh_tasks.imaging.registration import Registered, gated, register
from idh_tasks.intake.archive import unzip
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import ImagingSettings
from idh_tasks.store.objects import sha256

SOURCES = {MrSequence.ADC: MrSequence.DWI, MrSequence.RCBV: MrSequence.DSC}


class Shelf(Protocol):
    """Where the series of one study lie."""

    @property
    def series(self) -> Sequence[SeriesRecord]:
        """Return the series, in the order of preference."""

    def instances(self, series: SeriesRecord) -> list[Dataset]:
        """Read the instances of a series."""

    def outline(self) -> bytes | None:
        """Return the delivered NIfTI mask, if there is one."""


@dataclass(frozen=True)
class StoreShelf:
    """A study in our store."""

    platform: Platform
    study: StoredStudy

    @property
    def series(self) -> Sequence[SeriesRecord]:
        """Return the series as recorded."""
        return self.study.series

    def instances(self, series: SeriesRecord) -> list[Dataset]:
        """Read a series whose bytes are those that were recorded."""
        return read_all(unzip(self.platform.store.get_checked(series.object_key, series.sha256)).values())

    def outline(self) -> bytes | None:
        """Return the mask that came with the study."""
        return self.platform.store.get(self.study.roi_key) if self.study.roi_key else None


@dataclass(frozen=True)
class Source:
    """An image, the volume that registers it to MPRAGE, and where it comes from."""

    image: Volume
    anatomy: Volume
    provenance: Provenance


@dataclass(frozen=True)
class CutPatch:
    """A patch with what is recorded of it."""

    patch: Float
    rectangle: Rectangle
    provenance: Provenance
    overlap: float
    roi_mean: float
    shown: Float
    """The image itself on the rectangle's slice, in MPRAGE space."""


@dataclass(frozen=True)
class Proposal:
    """An outline nobody has drawn, with its hash, its size, and T2, FLAIR and MPRAGE to judge it by."""

    mask: Mask
    sha256: str
    volume_ml: float
    shown_on: tuple[Float, Float, Float]


class StudyImages:
    """Lazily built images of a study; what several sequences share is made once."""

    def __init__(self, shelf: Shelf, settings: ImagingSettings, accepted_outline: str | None = None) -> None:
        self._shelf = shelf
        self._accepted = accepted_outline
        self._settings = settings
        self._sources: dict[MrSequence, Source] = {}
        self._registered: dict[MrSequence, Registered] = {}

    def patch(self, sequence: MrSequence) -> CutPatch:
        """Cut the patch of one sequence.

        Raises
        ------
        IdhError
            With the reason why there is none.
        """
        source = self._source(sequence)
        image, covered, overlap = self._in_mprage(sequence, source)
        normalised = self._normalised(image, covered)
        box, size = self.rectangle, self._settings.patch_size
        patch = cut_patch(normalised, self.tumour, box, size, self._settings.resample == "pad_square")
        roi_mean = float(image[self.tumour & covered].mean()) if (self.tumour & covered).any() else 0.0
        return CutPatch(patch, box, source.provenance, overlap, roi_mean, image[box.slice_index])

    def _normalised(self, image: Float, covered: Mask) -> Float:
        if self._settings.normalisation == "brain_zscore":
            return brain_zscore(image, self.brain & covered)
        return tumour_mean(image, self.tumour & covered)

    @cached_property
    def mprage(self) -> Volume:
        """Return the patient's MPRAGE, in axial slices: the space of everything else."""
        return axial(assemble_volume(self._instances(MrSequence.MPRAGE)))

    @cached_property
    def brain(self) -> Mask:
        """Return the brain mask in MPRAGE space."""
        return brain_mask(self.mprage)

    @cached_property
    def tumour(self) -> Mask:
        """Return the delivered ROI in MPRAGE space, moved as T2 is, on which it was drawn; else an accepted proposal.

        Raises
        ------
        StudyQuarantinedError
            ``W_ROI_PROPOSED`` if a proposal waits for a person, ``E_NO_ROI`` if there is none.
        """
        delivered = self._delivered_roi()
        if delivered is None:
            if self.proposal.sha256 != self._accepted:
                raise StudyQuarantinedError(
                    "W_ROI_PROPOSED", "no outline was delivered; a proposed one waits for a person"
                )
            return self.proposal.mask
        transform = self._register(MrSequence.T2, self._source(MrSequence.T2)).transform
        return resample(delivered, self.mprage.geometry, transform, nearest=True).voxels > 0

    @cached_property
    def outlined(self) -> bool:
        """Tell whether an outline was delivered."""
        return self._delivered_roi() is not None

    @cached_property
    def rectangle(self) -> Rectangle:
        """Return the widest slice and its rectangle, the same for every sequence."""
        return widest_rectangle(self.tumour)

    @cached_property
    def proposal(self) -> Proposal:
        """Return an outline proposed from T2 and FLAIR, in MPRAGE space."""
        try:
            (t2, seen), (flair, covered) = (self._moved(s) for s in (MrSequence.T2, MrSequence.FLAIR))
        except SeriesRejectedError as error:
            raise StudyQuarantinedError(
                "E_NO_ROI", f"no outline was delivered, none can be proposed: {error}"
            ) from None
        spacing = self.mprage.geometry.spacing_mm
        mask = propose_tumour(t2, flair, self.brain & seen & covered, spacing)
        volume_ml = float(mask.sum()) * float(np.prod(spacing)) / 1000
        return Proposal(mask, sha256(np.packbits(mask).tobytes()), round(volume_ml, 1), (t2, flair, self.mprage.voxels))

    def _moved(self, sequence: MrSequence) -> tuple[Float, Mask]:
        image, covered, _ = self._in_mprage(sequence, self._source(sequence))
        return image, covered

    def _delivered_roi(self) -> Volume | None:
        segmentation = [s for s in self._shelf.series if s.identification == SEGMENTATION]
        if segmentation:
            seg = self._shelf.instances(segmentation[0])[0]
            return roi.read_segmentation(seg, self._source(MrSequence.T2).image.geometry)
        outline = self._shelf.outline()
        return roi.read_nifti(outline) if outline is not None else None

    def _has(self, sequence: MrSequence) -> bool:
        return any(
            s.identification.sequence is sequence and s.identification.confidence is Confidence.HIGH and s.fault is None
            for s in self._shelf.series
        )

    def _instances(self, sequence: MrSequence) -> list[Dataset]:
        named = [s for s in self._shelf.series if s.identification.sequence is sequence]
        sure = [s for s in named if s.identification.confidence is Confidence.HIGH]
        usable = [s for s in sure if s.fault is None]
        if not named:
            raise SeriesRejectedError("W_MISSING_SEQUENCE", f"the study has no {sequence}")
        if not sure:
            raise SeriesRejectedError("W_LOW_CONFIDENCE", f"{sequence} waits for a person to name it")
        if not usable and (fault := sure[0].fault):
            raise SeriesRejectedError(fault.code, fault.reason)
        # They come in the order of preference: see select_series.sql.
        return self._shelf.instances(usable[0])

    def _source(self, sequence: MrSequence) -> Source:
        if sequence not in self._sources:
            self._sources[sequence] = self._make_source(sequence)
        return self._sources[sequence]

    def _make_source(self, sequence: MrSequence) -> Source:
        if sequence is MrSequence.MPRAGE:
            return Source(self.mprage, self.mprage, Provenance.ACQUIRED)
        if sequence in SOURCES and not self._has(sequence):
            return self._computed(sequence)
        image = assemble_volume(self._instances(sequence))
        provenance = Provenance.VENDOR if sequence in SOURCES else Provenance.ACQUIRED
        return Source(image, image, provenance)

    def _computed(self, sequence: MrSequence) -> Source:
        instances = self._instances(SOURCES[sequence])
        if sequence is MrSequence.ADC:
            dwi = assemble_over_b(instances)
            return Source(fit_adc(dwi), Volume(dwi.voxels[0], dwi.geometry), Provenance.COMPUTED)
        dsc = assemble_over_time(instances)
        baseline = np.asarray(dsc.voxels[:MIN_BASELINE].mean(axis=0), dtype=np.float32)
        return Source(compute_rcbv(dsc).rcbv, Volume(baseline, dsc.geometry), Provenance.COMPUTED)

    def _register(self, sequence: MrSequence, source: Source) -> Registered:
        if sequence not in self._registered:
            self._registered[sequence] = gated(register(self.mprage, source.anatomy), self._settings)
        return self._registered[sequence]

    def _in_mprage(self, sequence: MrSequence, source: Source) -> tuple[Float, Mask, float]:
        """Return the image in MPRAGE space, where it has data, and the overlap of the heads."""
        if sequence is MrSequence.MPRAGE:
            return self.mprage.voxels, np.ones(self.mprage.geometry.shape, dtype=bool), 1.0
        found = self._register(sequence, source)
        grid = self.mprage.geometry
        ones = Volume(np.ones_like(source.image.voxels), source.image.geometry)
        covered = resample(ones, grid, found.transform, nearest=True).voxels > 0
        return resample(source.image, grid, found.transform).voxels, covered, found.overlap
