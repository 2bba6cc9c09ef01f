"""Readers of the series of one study, for preprocessing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pydicom import Dataset

from idh_tasks.db.studies import StoredStudy
from idh_tasks.domain.study import SeriesRecord
from idh_tasks.imaging.assembly import read_all
from idh_tasks.intake.transport.archive import unzip
from idh_tasks.pipelines.platform import Platform


class SeriesReader(Protocol):
    """Reads the series of one study."""

    @property
    def series(self) -> Sequence[SeriesRecord]:
        """Return the series in order of preference."""

    def instances(self, series: SeriesRecord) -> list[Dataset]:
        """Read the instances of a series."""

    def outline(self) -> bytes | None:
        """Return the delivered NIfTI mask, if there is one."""


@dataclass(frozen=True)
class StoredSeriesReader:
    """Reads a study from the object store."""

    platform: Platform
    study: StoredStudy

    @property
    def series(self) -> Sequence[SeriesRecord]:
        """Return the series as recorded, in order of preference."""
        return self.study.series

    def instances(self, series: SeriesRecord) -> list[Dataset]:
        """Read the instances of a series; its bytes are checked against the recorded hash."""
        return read_all(unzip(self.platform.store.get_checked(series.object_key, series.sha256)).values())

    def outline(self) -> bytes | None:
        """Return the NIfTI mask that was delivered with the study."""
        return self.platform.store.get(self.study.roi_key) if self.study.roi_key else None
