"""Names all series of a study together: each by itself, then by what the others show."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pydicom import Dataset

from idh_tasks.domain.study import Identification
from idh_tasks.intake.naming.acquisition import read_acquisition
from idh_tasks.intake.naming.series import NamedSeries, name_series
from idh_tasks.intake.naming.study import StudySeries, decide


def name_study(series: Iterable[Sequence[Dataset]]) -> list[NamedSeries]:
    """Return the named groups of all series of one study; each item holds the instances of one series."""
    named = [group for instances in series for group in name_series(instances)]
    return settle(named)[0]


def settle(
    named: Sequence[NamedSeries], stored: Sequence[StudySeries] = ()
) -> tuple[list[NamedSeries], list[Identification]]:
    """Decide what one series cannot tell; return the named groups and the identifications of the stored ones."""
    study = [StudySeries(group.identification, read_acquisition(group.instances)) for group in named]
    decided = decide([*study, *stored])
    settled = [replace(group, identification=one) for group, one in zip(named, decided, strict=False)]
    return settled, decided[len(named) :]
