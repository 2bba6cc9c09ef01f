"""Why a study or a series would be picked up: the decision on texts that a person gives, and the tables in force."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic_settings import BaseSettings, SettingsConfigDict

from idh_tasks.domain.words import Choice
from idh_tasks.intake.selection.filters import filters
from idh_tasks.intake.selection.series import judge_one_series
from idh_tasks.intake.selection.shown import ShownWords, shown
from idh_tasks.intake.selection.studies import judge_series, judge_study
from idh_tasks.intake.selection.verdict import Verdict
from idh_tasks.intake.transport.listing import PacsSeries, PacsStudy
from idh_tasks.settings import IntakeSettings


class SelectionSettings(BaseSettings):
    """What the decision needs of the settings."""

    model_config = SettingsConfigDict(env_prefix="IDH_", env_nested_delimiter="__", extra="ignore", frozen=True)

    intake: IntakeSettings = IntakeSettings()


@dataclass(frozen=True)
class Decision:
    """What is decided about a study or a series, why, and the word of the table that decided."""

    subject: str
    decision: str
    reason: str
    word: str


def decide(settings: IntakeSettings, study: PacsStudy, series: Sequence[PacsSeries]) -> Iterator[Decision]:
    """Yield the decision about a study by its texts; with series, that about each of them, and the final one."""
    rules = filters(settings)
    verdict = judge_study(study, rules)
    yield _decision("study", verdict)
    for one in series:
        yield _decision(f"series {one.description!r}", judge_one_series(one, rules))
    if series and verdict.choice is not Choice.EXCLUDE:
        yield _decision("study, by its series", judge_series(study, series, rules))


def _decision(subject: str, verdict: Verdict) -> Decision:
    return Decision(subject, verdict.choice.value, verdict.reason, verdict.word)


def tables(settings: IntakeSettings) -> Iterator[ShownWords]:
    """Yield the tables in force, the one for studies first."""
    return shown(filters(settings))
