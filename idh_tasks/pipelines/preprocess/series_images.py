"""The series of one study as images: chosen, assembled, measured, and maps computed where none was delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from pydicom import Dataset

from idh_tasks.codes import Code
from idh_tasks.db.studies import StoredStudy
from idh_tasks.domain.sequence import Confidence, MrSequence, Provenance
from idh_tasks.domain.study import SeriesRecord
from idh_tasks.domain.volume import Volume
from idh_tasks.errors import SeriesRejectedError
from idh_tasks.imaging.adc import fit_adc
from idh_tasks.imaging.assembly import assemble_over_b, assemble_over_time, assemble_volume, read_all
from idh_tasks.imaging.itk import axial
from idh_tasks.imaging.perfusion import MIN_BASELINE, compute_rcbv
from idh_tasks.imaging.quality import Quality, check_quality, measure_quality, movement_mm
from idh_tasks.intake.transport.archive import unzip
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import ImagingSettings

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
    """An image, the volume that registers it to MPRAGE, where it comes from, and how good it is.

    `flags` are codes of what a person should know and what does not forbid its use.
    """

    image: Volume
    anatomy: Volume
    provenance: Provenance
    series: SeriesRecord
    flags: tuple[str, ...] = ()

    @cached_property
    def quality(self) -> Quality:
        """Return the figures of the volume that registers it."""
        return measure_quality(self.anatomy)


class SeriesImages:
    """The images of a study in their own space; each is made once."""

    def __init__(self, shelf: Shelf, settings: ImagingSettings) -> None:
        self._shelf = shelf
        self._settings = settings
        self._sources: dict[MrSequence, Source] = {}

    def source(self, sequence: MrSequence) -> Source:
        """Return the image of one sequence; MPRAGE in axial slices.

        Raises
        ------
        SeriesRejectedError
            With the reason why there is none that may be used, ``E_QUALITY`` among them.
        """
        if sequence not in self._sources:
            found = self._made(sequence)
            check_quality(found.quality, self._settings)
            self._sources[sequence] = found
        return self._sources[sequence]

    def _made(self, sequence: MrSequence) -> Source:
        if sequence in SOURCES and not self._usable(sequence):
            return self._computed(sequence)
        chosen = self._chosen(sequence)
        image = assemble_volume(self._shelf.instances(chosen))
        if sequence is MrSequence.MPRAGE:
            image = axial(image)
        return Source(image, image, Provenance.VENDOR if sequence in SOURCES else Provenance.ACQUIRED, chosen)

    def _computed(self, sequence: MrSequence) -> Source:
        chosen = self._chosen(SOURCES[sequence])
        instances = self._shelf.instances(chosen)
        if sequence is MrSequence.ADC:
            dwi = assemble_over_b(instances)
            return Source(fit_adc(dwi), Volume(dwi.voxels[0], dwi.geometry), Provenance.COMPUTED, chosen)
        dsc = assemble_over_time(instances)
        baseline = np.asarray(dsc.voxels[:MIN_BASELINE].mean(axis=0), dtype=np.float32)
        perfusion = compute_rcbv(dsc)
        moved = movement_mm(dsc) > self._settings.movement_limit_mm
        drifts = perfusion.drift > self._settings.drift_limit
        flags = (Code.W_DSC_MOTION,) * moved + (Code.W_BASELINE_DRIFT,) * drifts
        return Source(perfusion.rcbv, Volume(baseline, dsc.geometry), Provenance.COMPUTED, chosen, flags)

    def _usable(self, sequence: MrSequence) -> list[SeriesRecord]:
        return [s for s in self._sure(sequence) if s.fault is None]

    def _sure(self, sequence: MrSequence) -> list[SeriesRecord]:
        named = [s for s in self._shelf.series if s.identification.sequence is sequence]
        return [s for s in named if s.identification.confidence is Confidence.HIGH]

    def _chosen(self, sequence: MrSequence) -> SeriesRecord:
        if not any(s.identification.sequence is sequence for s in self._shelf.series):
            raise SeriesRejectedError(Code.W_MISSING_SEQUENCE, f"the study has no {sequence}")
        sure, usable = self._sure(sequence), self._usable(sequence)
        if not sure:
            raise SeriesRejectedError(Code.W_LOW_CONFIDENCE, f"{sequence} waits for a person to name it")
        if not usable and (fault := sure[0].fault):
            raise SeriesRejectedError(fault.code, fault.reason)
        # They come in the order of preference: see select_series.sql.
        return usable[0]
