"""Which of the studies that an archive lists are taken; the others are counted by reason under keyed tokens."""

from collections import Counter
from collections.abc import Sequence

from idh_tasks.codes import Code
from idh_tasks.db import selection
from idh_tasks.db.selection import Excluded, Listed
from idh_tasks.domain.words import Choice
from idh_tasks.errors import StudyExcludedError, TransientError
from idh_tasks.intake.selection.filters import filters
from idh_tasks.intake.selection.series import wanted_series
from idh_tasks.intake.selection.studies import judge_series, judge_study
from idh_tasks.intake.transport.listing import PacsSeries, PacsStudy, SeriesChoice
from idh_tasks.pipelines.platform import Platform, code_version


def select(platform: Platform, source: str, listed: Sequence[PacsStudy]) -> tuple[list[PacsStudy], Counter[str]]:
    """Return the studies that are taken, and how many others were seen, by reason.

    A study whose texts do not tell is taken, because its series are asked for when it is fetched; one that these
    excluded before is not asked for again, unless the archive or the filter has changed.
    """
    rules, version = filters(platform.settings.intake), filter_version(platform)
    tokens = {study.study_uid: listed_as(platform, study) for study in listed}
    verdicts = {study.study_uid: judge_study(study, rules) for study in listed}
    reasons = {uid: verdict.reason for uid, verdict in verdicts.items() if verdict.choice is Choice.EXCLUDE}
    asked = [tokens[uid] for uid, verdict in verdicts.items() if verdict.choice is not Choice.EXCLUDE]
    with platform.database.begin() as transaction:
        known = selection.recorded(transaction, source, asked, version)
        reasons |= {uid: known[one.study_token] for uid, one in tokens.items() if one.study_token in known}
        new = [Excluded(**vars(tokens[uid]), reason=why) for uid, why in reasons.items()]
        told = [one for one in new if one.study_token not in known]
        selection.exclude(transaction, source, told, version)
        selection.take(transaction, source, [one.study_token for uid, one in tokens.items() if uid not in reasons])
    return [study for study in listed if study.study_uid not in reasons], Counter(reasons.values())


def filter_version(platform: Platform) -> str:
    """Return the version of tables, limits and rules: with another one, what was left is decided again."""
    return f"{code_version('intake/selection')}-{filters(platform.settings.intake).version}"


def listed_as(platform: Platform, study: PacsStudy) -> Listed:
    """Return a study under keyed tokens; what its series may depend on makes another fingerprint."""
    token = platform.pseudonymiser.token
    stated = (str(study.series), str(study.instances), *study.texts, *study.procedure_codes)
    return Listed(token("listed study", study.study_uid), token("listing for selection", *stated))


def series_choice(platform: Platform, source: str, item_id: str) -> SeriesChoice:
    """Return the choice of the series of a delivery that are retrieved; it records a study that they exclude."""
    rules = filters(platform.settings.intake)

    def choose(study: PacsStudy, series: Sequence[PacsSeries]) -> frozenset[str]:
        if len(series) < study.series:
            raise TransientError(Code.E_QUERY_TRUNCATED, f"the archive lists {len(series)} of {study.series} series")
        if not series:
            return frozenset()
        verdict = judge_series(study, series, rules)
        if verdict.choice is Choice.EXCLUDE:
            _exclude(platform, source, item_id, study, verdict.reason)
            raise StudyExcludedError(Code.W_NOT_SELECTED, verdict.reason)
        return wanted_series(series, rules)

    return choose


def _exclude(platform: Platform, source: str, item_id: str, study: PacsStudy, reason: str) -> None:
    excluded = Excluded(**vars(listed_as(platform, study)), reason=reason, item_id=item_id)
    with platform.database.begin() as transaction:
        selection.exclude_delivery(transaction, source, excluded, filter_version(platform))
