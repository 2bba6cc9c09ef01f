"""Decides from what an archive lists about a study whether it belongs to the platform."""

from collections.abc import Sequence
from datetime import date

from idh_tasks.dicom.dates import parse_date
from idh_tasks.domain.words import Choice, TextField, WordRule
from idh_tasks.intake.selection.filters import Filters, Limits
from idh_tasks.intake.selection.matching import WordTable
from idh_tasks.intake.selection.series import (
    names_a_head,
    names_elsewhere,
    places,
    shows_a_head,
    shows_a_head_for_certain,
    wanted_series,
)
from idh_tasks.intake.selection.verdict import NO_SERIES, NOT_A_HEAD, Verdict
from idh_tasks.intake.transport.listing import PacsSeries, PacsStudy

DAYS_PER_YEAR = 365.25
MR = "MR"


def judge_study(study: PacsStudy, filters: Filters) -> Verdict:
    """Return whether a study is picked up; ASK where its texts do not tell, which its series then must."""
    return _outside(study, filters.limits) or judge_texts(study.texts, study.procedure_codes, filters.studies)


def _outside(study: PacsStudy, limits: Limits) -> Verdict | None:
    """Return the verdict on a study that modality, date or age exclude; what is not stated excludes nothing."""
    if study.modalities and MR not in study.modalities:
        return Verdict(Choice.EXCLUDE, "modality")
    day = parse_date(study.study_date)
    if day is not None and not (limits.earliest or day) <= day <= (limits.latest or day):
        return Verdict(Choice.EXCLUDE, "date")
    age = _age(parse_date(study.birth_date), day)
    if age is not None and not (limits.min_age or 0) <= age < (limits.max_age or age) + 1:
        return Verdict(Choice.EXCLUDE, "age")
    return None


def _age(born: date | None, day: date | None) -> float | None:
    return None if born is None or day is None or born > day else (day - born).days / DAYS_PER_YEAR


def judge_texts(texts: Sequence[str], codes: Sequence[str], table: WordTable) -> Verdict:
    """Return what descriptions and codes say: a head beside another region is a head; without any word, ASK."""
    found = [rule for text in texts for rule in table.find(text)]
    found += [rule for code in codes for rule in table.find(code, TextField.CODE)]
    for choice in (Choice.INCLUDE, Choice.EXCLUDE, Choice.ASK):
        rule = next((rule for rule in found if rule.choice is choice), None)
        if rule is not None:
            return _said(rule)
    return Verdict(Choice.ASK, "not told by its texts")


def _said(rule: WordRule) -> Verdict:
    return Verdict(rule.choice, rule.kind, rule.phrase)


def judge_series(study: PacsStudy, series: Sequence[PacsSeries], filters: Filters) -> Verdict:
    """Return the final decision about a study, for which its series have been asked: never ASK."""
    verdict = judge_study(study, filters)
    if verdict.choice is not Choice.EXCLUDE:
        verdict = _by_station(series, filters.studies) or verdict
    if verdict.choice is Choice.ASK:
        verdict = _by_series(series, filters)
    if verdict.choice is Choice.INCLUDE and not wanted_series(series, filters):
        return Verdict(Choice.EXCLUDE, NO_SERIES)
    return verdict


def _by_station(series: Sequence[PacsSeries], table: WordTable) -> Verdict | None:
    """Return the verdict on a study that no series of an accepted station makes; unknown stations exclude nothing."""
    stations = {one.station for one in series if one.station}
    found = {station: table.find(station, TextField.STATION) for station in stations}
    if any(rule.choice is Choice.INCLUDE for rules in found.values() for rule in rules):
        return None
    refused = next((rule for rules in found.values() for rule in rules if rule.choice is Choice.EXCLUDE), None)
    if refused is not None:
        return _said(refused)
    restricted = bool(stations) and table.is_restricted_to(TextField.STATION)
    return Verdict(Choice.EXCLUDE, "station") if restricted else None


def _by_series(series: Sequence[PacsSeries], filters: Filters) -> Verdict:
    """Decide where the study says nothing: a stated head, else a sequence that only heads have and no other region."""
    stated = [place for one in series for place in places(one, filters)]
    if head := names_a_head(stated) or shows_a_head_for_certain(series, filters):
        return _said(head)
    if elsewhere := names_elsewhere(stated):
        return _said(elsewhere)
    shown = shows_a_head(series, filters)
    return _said(shown) if shown else Verdict(Choice.EXCLUDE, NOT_A_HEAD)
