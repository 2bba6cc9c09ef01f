"""The filters in force: the tables of the package, extended or replaced by those of the hospital, and the limits."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path

from idh_tasks.domain.words import read_rules
from idh_tasks.intake.selection.matching import WordTable
from idh_tasks.settings import IntakeSettings

TABLES = Path(__file__).parent / "tables"


@dataclass(frozen=True)
class Limits:
    """Dates of studies and ages of patients that are picked up; None has no limit."""

    earliest: date | None = None
    latest: date | None = None
    min_age: int | None = None
    max_age: int | None = None


@dataclass(frozen=True)
class Filters:
    """What decides: words for studies, words for series, and limits."""

    studies: WordTable
    series: WordTable
    limits: Limits = Limits()

    @cached_property
    def version(self) -> str:
        """Return a hash of the tables and limits: with another one, what was excluded is decided again."""
        rules = [vars(rule) for table in (self.studies, self.series) for rule in table.rules]
        content = json.dumps([rules, vars(self.limits)], default=str)
        return hashlib.sha256(content.encode()).hexdigest()[:12]


@cache
def filters(settings: IntakeSettings) -> Filters:
    """Return the filters that the settings state."""
    own = settings.words == "replace"
    limits = Limits(settings.earliest, settings.latest, settings.min_age, settings.max_age)
    return Filters(
        _table("studies.csv", settings.study_words, replace=own),
        _table("series.csv", settings.series_words, replace=own),
        limits,
    )


def _table(name: str, own: Path | None, *, replace: bool) -> WordTable:
    """Return a table of the package with the rows of the hospital, which prevail for the same phrase."""
    shipped = read_rules((TABLES / name).read_text())
    if own is None:
        return WordTable(shipped)
    stated = read_rules(own.read_text(encoding="utf-8-sig"))
    phrases = {(rule.field, rule.words) for rule in stated}
    kept = () if replace else tuple(rule for rule in shipped if (rule.field, rule.words) not in phrases)
    return WordTable((*stated, *kept))
