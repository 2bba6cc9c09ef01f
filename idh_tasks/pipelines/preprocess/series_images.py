"""The images of one study in their own space: assembled and measured, with maps computed where none was delivered."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from idh_tasks.codes import Code
from idh_tasks.domain.sequence import MrSequence, Provenance
from idh_tasks.domain.study import SeriesRecord
from idh_tasks.domain.volume import Mask, Volume
from idh_tasks.errors import IdhError, SeriesRejectedError
from idh_tasks.imaging.assembly import assemble_echoes, assemble_volume
from idh_tasks.imaging.diffusion import compute_adc
from idh_tasks.imaging.itk import axial
from idh_tasks.imaging.measured import measured
from idh_tasks.imaging.outline.reference import ReferenceImage
from idh_tasks.imaging.perfusion import compute_rcbv, perfusion_flags
from idh_tasks.imaging.pyramid import bounded
from idh_tasks.imaging.quality import Quality, check_quality, measure_quality
from idh_tasks.imaging.vendor_adc import unit_doubts, vendor_adc
from idh_tasks.pipelines.preprocess.refusal import as_refusal
from idh_tasks.pipelines.preprocess.remembered import remembered
from idh_tasks.pipelines.preprocess.series_choice import MAP_SOURCES, usable_series
from idh_tasks.pipelines.preprocess.series_reader import SeriesReader
from idh_tasks.settings import ImagingSettings

log = logging.getLogger(__name__)


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
    drawn_on
        What an outline that was drawn on the series is compared with; None for maps.
    """

    image: Volume
    anatomy: Volume
    provenance: Provenance
    series: SeriesRecord
    flags: tuple[Code, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    drawn_on: ReferenceImage | None = None

    @cached_property
    def quality(self) -> Quality:
        """Return the quality of the anatomy volume."""
        return measure_quality(self.anatomy)

    @cached_property
    def measured(self) -> Mask:
        """Return where the image, or the volume from which a map was computed, was measured and not filled."""
        return measured(self.anatomy, is_map=self.provenance is Provenance.VENDOR)


Make = Callable[[MrSequence, SeriesRecord], SourceImage]


class SeriesImages:
    """The images of a study in their own space; each is made when it is first needed."""

    def __init__(self, reader: SeriesReader, settings: ImagingSettings) -> None:
        self._reader = reader
        self._settings = settings

    @remembered
    def source(self, sequence: MrSequence) -> SourceImage:
        """Return the image of one sequence; the MPRAGE in axial slices.

        Raises
        ------
        SeriesRejectedError
            With the reason why no usable image exists, for example ``E_QUALITY``; of several series, that of the
            preferred one.
        """
        refusals: list[IdhError] = []
        for make, series in self._candidates(sequence):
            try:
                source = make(sequence, series)
                check_quality(source.quality, self._settings)
            except Exception as error:  # an unforeseen fault costs its series, never the next one
                refusals.append(as_refusal(error))
                log.info("series %s is not used for %s: %s", series.series_id, sequence, refusals[-1])
                continue
            return _instead_of(source, len(refusals))
        raise refusals[0]

    def _candidates(self, sequence: MrSequence) -> Sequence[tuple[Make, SeriesRecord]]:
        """Return the usable series in order of preference; those that a map is computed from follow delivered maps."""
        if sequence not in MAP_SOURCES:
            return [(self._acquired, one) for one in usable_series(self._reader.series, sequence)]
        sources = MAP_SOURCES[sequence]
        delivered = self._named(sequence)
        computed = self._named(sources) if delivered else usable_series(self._reader.series, sources)
        return [(self._delivered, one) for one in delivered] + [(self._computed, one) for one in computed]

    def _named(self, sequence: MrSequence) -> list[SeriesRecord]:
        try:
            return usable_series(self._reader.series, sequence)
        except SeriesRejectedError:
            return []

    def _acquired(self, sequence: MrSequence, series: SeriesRecord) -> SourceImage:
        instances = self._reader.instances(series)
        image = assemble_volume(instances)
        drawn_on = ReferenceImage.of_series(image.geometry, instances)
        if sequence is not MrSequence.T2:  # delivered outlines are compared with its grid
            image = bounded(image)
        if sequence is MrSequence.MPRAGE:
            image = axial(image)
        return SourceImage(image, image, Provenance.ACQUIRED, series, drawn_on=drawn_on)

    def _delivered(self, sequence: MrSequence, series: SeriesRecord) -> SourceImage:
        instances = self._reader.instances(series)
        image = assemble_volume(instances)
        if sequence is not MrSequence.ADC:
            return SourceImage(image, image, Provenance.VENDOR, series)
        adc = vendor_adc(image, instances)
        return SourceImage(adc, adc, Provenance.VENDOR, series, *unit_doubts(adc, instances))

    def _computed(self, sequence: MrSequence, series: SeriesRecord) -> SourceImage:
        instances = self._reader.instances(series)
        if sequence is MrSequence.ADC:
            made = compute_adc(instances, self._settings)
            return SourceImage(made.adc, made.lowest_b, Provenance.COMPUTED, series, made.flags, made.figures)
        perfusion = compute_rcbv(assemble_echoes(instances))
        return SourceImage(
            image=perfusion.rcbv,
            anatomy=perfusion.before_bolus,
            provenance=Provenance.COMPUTED,
            series=series,
            flags=perfusion_flags(perfusion, self._settings),
            figures=perfusion.figures,
        )


def _instead_of(source: SourceImage, passed_over: int) -> SourceImage:
    """Return an image with the note that preferred series were passed over."""
    if not passed_over:
        return source
    figures = {**source.figures, "series_passed_over": float(passed_over)}
    return replace(source, flags=(*source.flags, Code.W_OTHER_SERIES), figures=figures)
