"""Plays a script night by night against the simulated PACS, and gathers what the oracle and the report need."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from unittest.mock import patch

from idh_tasks.errors import IdhError
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.ingest.sources import items
from idh_tasks.pipelines.platform import Platform
from tests.pacs_table import oracle
from tests.pacs_table.events import Archive, Script
from tests.pacs_table.feed import ChangeFeed
from tests.pacs_table.server import TablePacs
from tests.pacs_table.state import read_state


@contextmanager
def today_is(day: date) -> Iterator[None]:
    """Let the platform take a day for today."""
    with patch.object(items, "_today", lambda: day):
        yield


@dataclass
class Replay:
    """An archive, its PACS and the platform, through the nights of a script; `refused` are nights with their code."""

    platform: Platform
    archive: Archive
    pacs: TablePacs
    feed: ChangeFeed
    script: Script
    reached: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)

    def play(self) -> None:
        """Play all nights."""
        for number in range(self.script.nights):
            self.script.play(self.archive, number)
            self._night(number)

    def _night(self, number: int) -> None:
        self.pacs.records.night, self.feed.away = number, self.script.is_away(number)
        if self.feed.away:
            self.pacs.stop()
        else:
            self.reached.append(number)
        try:
            with today_is(self.archive.today):
                night.ingest(self.platform, ("pacs",))
        except IdhError as error:
            self.refused[number] = str(error.code)
        if self.feed.away:
            self.pacs.start()

    def facts(self, grace: int) -> oracle.Facts:
        """Return the facts for the oracle."""
        table = self.archive.table
        studies = [(study, table.series(study.study_uid)) for study in table.studies()]
        return oracle.Facts(studies, self.archive.happened, self.reached, grace)

    def state(self, facts: oracle.Facts) -> oracle.Platform:
        """Return what the platform says."""
        return read_state(self.platform, facts.studies)

    def sent_by_night(self) -> dict[int, list[str]]:
        """Return the instances that were sent in each night."""
        sent: dict[int, list[str]] = {}
        for retrieve in self.pacs.records.retrieves:
            sent.setdefault(retrieve.night, []).extend(retrieve.instances)
        return sent
