"""Standings: which versions of a report count, derived from all of them and from the answers of reviewers."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby

from idh_tasks.db import reports
from idh_tasks.db.engine import Transaction
from idh_tasks.db.reports import ReportStanding, StoredReading, VersionAnswer
from idh_tasks.domain.pathology import ReportStatus, StatusDecision
from idh_tasks.linkage.idh_rules import evidence_strength
from idh_tasks.linkage.versions import Answers, Reading, standing

log = logging.getLogger(__name__)

EXCLUDE = "exclude"


def update_standings(transaction: Transaction) -> None:
    """Derive which versions count, of the reports that have new versions or answers."""
    due = reports.due_standings(transaction)
    if not due:
        return
    answers = _answers(reports.version_answers(transaction, due))
    stored = groupby(reports.readings(transaction, due), key=lambda reading: reading.report_key)
    standings = [_standing(list(readings), answers[key]) for key, readings in stored]
    reports.save_standings(transaction, standings)
    log.info(
        "%d reports have several versions; %d need a person", len(due), sum(len(s.versions) > 1 for s in standings)
    )


def _answers(given: Iterable[VersionAnswer]) -> defaultdict[str, dict[tuple[int, ...], int | None]]:
    answers: defaultdict[str, dict[tuple[int, ...], int | None]] = defaultdict(dict)
    for answer in given:
        shown = tuple(map(int, answer.evidence.split()))
        option = answer.answer.partition(":")[0]
        answers[answer.report_key][shown] = None if option == EXCLUDE else shown[int(option) - 1]
    return answers


def _standing(stored: Sequence[StoredReading], answers: Answers) -> ReportStanding:
    numbers = standing([_reading(reading) for reading in stored], answers).numbers
    shown = [reading for reading in stored if reading.number in numbers] if len(numbers) > 1 else []
    return ReportStanding(
        stored[0].report_key,
        numbers,
        {"versions": [_shown(option, reading) for option, reading in enumerate(shown, start=1)]} if shown else {},
        (*(f"{n}: {_statement(reading)}" for n, reading in enumerate(shown, start=1)), EXCLUDE) if shown else (),
    )


def _reading(stored: StoredReading) -> Reading:
    decision = StatusDecision(stored.idh_status, stored.rule, stored.evidence, stored.provisional)
    kept = {name: value for name, value in vars(stored).items() if name in Reading.__dataclass_fields__}
    return Reading(**kept | {"channels": frozenset(stored.channels), "evidence": evidence_strength(decision)})


def _statement(reading: StoredReading) -> str:
    return reading.idh_status if reading.report_status is ReportStatus.FINAL else reading.report_status


def _shown(option: int, reading: StoredReading) -> dict[str, object]:
    """Return what a reviewer sees of a version: neither a date nor a word of the laboratory."""
    return {
        "option": option,
        "version": reading.version,
        "arrived as": " and ".join(reading.channels) or "not known",
        "report": reading.report_status,
        "glioblastoma": {True: "yes", False: "no", None: "unclear"}[reading.glioblastoma],
        "IDH status": reading.idh_status,
        "rule": reading.rule,
        "patient": reading.patient_key[:8],
    }
