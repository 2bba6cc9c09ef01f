"""The images of one study in their own space: assembled and measured, with maps computed where none was delivered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence, Provenance
from idh_tasks.domain.study import SeriesRecord
from idh_tasks.domain.volume import Volume
from idh_tasks.imaging.adc import fit_adc
from idh_tasks.imaging.assembly import assemble_over_b, assemble_over_time, assemble_volume
from idh_tasks.imaging.itk import axial
from idh_tasks.imaging.perfusion import Perfusion, compute_rcbv
from idh_tasks.imaging.quality import Quality, check_quality, measure_quality
from idh_tasks.pipelines.preprocess.series_choice import choose_series, usable_series
from idh_tasks.pipelines.preprocess.series_reader import SeriesReader
from idh_tasks.settings import ImagingSettings

MAP_SOURCES = {MrSequence.ADC: MrSequence.DWI, MrSequence.RCBV: MrSequence.DSC}
"""The series from which a map is computed if it was not delivered."""


@dataclass(frozen=True)
class SourceImage:
    """The image of one sequence in its own space.

    Attributes
    ----------
    anatomy
        The volume of the same series by which it is registered to the MPRAGE.
    flags
        Codes of findings that a reader should know and that do not exclude the image.
    figures
        What was measured while the image was made, by name, for the quality record.
    """

    image: Volume
    anatomy: Volume
    provenance: Provenance
    series: SeriesRecord
    flags: tuple[Code, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def quality(self) -> Quality:
        """Return the quality of the anatomy volume."""
        return measure_quality(self.anatomy)


class SeriesImages:
    """The images of a study in their own space; each is made when it is first needed."""

    def __init__(self, reader: SeriesReader, settings: ImagingSettings) -> None:
        self._reader = reader
        self._settings = settings
        self._sources: dict[MrSequence, SourceImage] = {}

    def source(self, sequence: MrSequence) -> SourceImage:
        """Return the image of one sequence; the MPRAGE in axial slices.

        Raises
        ------
        SeriesRejectedError
            With the reason why no usable image exists, for example ``E_QUALITY``.
        """
        if sequence not in self._sources:
            source = self._make(sequence)
            check_quality(source.quality, self._settings)
            self._sources[sequence] = source
        return self._sources[sequence]

    def _make(self, sequence: MrSequence) -> SourceImage:
        if sequence in MAP_SOURCES and not usable_series(self._reader.series, sequence):
            return self._computed(sequence)
        series = choose_series(self._reader.series, sequence)
        image = assemble_volume(self._reader.instances(series))
        if sequence is MrSequence.MPRAGE:
            image = axial(image)
        provenance = Provenance.VENDOR if sequence in MAP_SOURCES else Provenance.ACQUIRED
        return SourceImage(image, image, provenance, series)

    def _computed(self, sequence: MrSequence) -> SourceImage:
        series = choose_series(self._reader.series, MAP_SOURCES[sequence])
        instances = self._reader.instances(series)
        if sequence is MrSequence.ADC:
            dwi = assemble_over_b(instances)
            lowest_b = Volume(dwi.voxels[0], dwi.geometry)
            return SourceImage(fit_adc(dwi), lowest_b, Provenance.COMPUTED, series)
        perfusion = compute_rcbv(assemble_over_time(instances))
        return SourceImage(
            image=perfusion.rcbv,
            anatomy=perfusion.before_bolus,
            provenance=Provenance.COMPUTED,
            series=series,
            flags=self._perfusion_flags(perfusion),
            figures=perfusion.figures,
        )

    def _perfusion_flags(self, perfusion: Perfusion) -> tuple[Code, ...]:
        moved = perfusion.movement_mm > self._settings.movement_limit_mm
        drifts = perfusion.drift > self._settings.drift_limit
        return (Code.W_DSC_MOTION,) * moved + (Code.W_BASELINE_DRIFT,) * drifts
