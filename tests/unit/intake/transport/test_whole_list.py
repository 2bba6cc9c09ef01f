"""A PACS that lists only so many studies at once is asked in parts; what it lists of no part is named, not lost."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase

import pytest

from idh_tasks.codes import Code
from idh_tasks.errors import TransientError
from idh_tasks.intake.transport import whole_list
from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.intake.transport.questions import LONGEST_PREFIX, Question
from idh_tasks.intake.transport.whole_list import Answer, PartlyListedError, list_whole

DAY = date(2026, 3, 1)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
WEEK = Question(DAY, DAY + timedelta(days=6))


@dataclass(frozen=True)
class Row:
    """A study of the archive; without a time it matches no range of times."""

    uid: str
    day: date = DAY
    time: str = "101500"
    patient: str = "P1"


@dataclass
class LimitedPacs:
    """A PACS that matches as PS3.4 C.2.2.2 says and lists at most `limit` studies.

    Parameters
    ----------
    shows
        Whether it lists the first ones before it says that there are more.
    keys
        The matching keys that it does not ignore.
    """

    rows: list[Row]
    limit: int
    shows: bool = True
    keys: frozenset[str] = frozenset({"StudyTime", "PatientID"})
    asked: list[Question] = field(default_factory=list)

    def __call__(self, question: Question) -> Answer:
        """Answer a question."""
        self.asked.append(question)
        keys = {name: value for name, value in question.criteria.items() if name in self.keys | {"StudyDate"}}
        found = [row for row in self.rows if all(matches(row, name, value) for name, value in keys.items())]
        whole = len(found) <= self.limit
        shown = found if whole else found[: self.limit] if self.shows else []
        return Answer([PacsStudy(row.uid, f"{row.day:%Y%m%d}", 1, patient_id=row.patient) for row in shown], whole)


def matches(row: Row, name: str, value: str) -> bool:
    """Return whether a study matches a key: a range of dates or times, or an identifier with a wildcard."""
    if name == "PatientID":
        return fnmatchcase(row.patient, value) and bool(row.patient)
    stated = f"{row.day:%Y%m%d}" if name == "StudyDate" else row.time
    first, last = value.split("-")
    return bool(stated) and first <= stated <= last


def uids(studies: list[PacsStudy]) -> set[str]:
    return {study.study_uid for study in studies}


def archive(count: int, seed: int = 0) -> list[Row]:
    """Return studies of a week, at any time of the day."""
    chance = random.Random(seed)
    moments = [timedelta(seconds=chance.randrange(7 * 24 * 3600)) for _ in range(count)]
    return [
        Row(f"1.{n}", DAY + moment, f"{MIDNIGHT + moment:%H%M%S}", f"{chance.randrange(10**6):08}")
        for n, moment in enumerate(moments)
    ]


@pytest.mark.parametrize("shows", [True, False])
@pytest.mark.parametrize("limit", [3, 20, 1000])
def test_n06_every_study_is_listed_once_whatever_the_limit(limit: int, shows: bool) -> None:
    pacs = LimitedPacs(archive(400), limit, shows)
    studies = list_whole(pacs, WEEK)
    assert len(studies) == 400
    assert uids(studies) == {row.uid for row in pacs.rows}


def test_a_list_that_fits_costs_one_question() -> None:
    pacs = LimitedPacs(archive(400), 400)
    list_whole(pacs, WEEK)
    assert pacs.asked == [WEEK]


@pytest.mark.parametrize("time", ["", "000000"])
def test_studies_without_a_time_or_all_of_one_time_are_listed_by_patient(time: str) -> None:
    rows = [Row(f"1.{number}", time=time, patient=f"{number:08}") for number in range(300)]
    assert len(list_whole(LimitedPacs([*rows, Row("2.1", time="120000")], 20), WEEK)) == 301


def test_a_pacs_that_ignores_the_time_is_asked_by_patient() -> None:
    rows = [Row(f"1.{number}", patient=f"{number}") for number in range(30)]
    pacs = LimitedPacs(rows, 5, keys=frozenset({"PatientID"}))
    assert len(list_whole(pacs, WEEK)) == 30


UNDIVIDED: dict[str, Callable[[], LimitedPacs]] = {
    "one patient with more studies in a minute than are listed": lambda: LimitedPacs(
        [Row(f"1.{number}") for number in range(12)], 10
    ),
    "identifiers that begin with other characters, without a time": lambda: LimitedPacs(
        [Row(f"1.{number}", time="", patient=f"ü{number}") for number in range(12)], 10
    ),
    "no identifier and no time": lambda: LimitedPacs(
        [Row(f"1.{number}", time="", patient="") for number in range(12)], 10
    ),
    "a PACS that matches by the date only": lambda: LimitedPacs(
        [Row(f"1.{number}", patient=f"{number}") for number in range(12)], 10, keys=frozenset()
    ),
}


@pytest.mark.parametrize("why", UNDIVIDED)
def test_what_cannot_be_divided_is_named_and_everything_else_is_listed(why: str) -> None:
    pacs = UNDIVIDED[why]()
    others = [Row(f"2.{n}", DAY + timedelta(days=1 + n % 5), f"{n:02}0000", f"{n}") for n in range(24)]
    pacs.rows += others
    with pytest.raises(PartlyListedError) as raised:
        list_whole(pacs, WEEK)
    assert raised.value.code is Code.E_QUERY_TRUNCATED
    assert "the PACS does not list all studies of 2026-03-01" in raised.value.reason
    assert {row.uid for row in others} < uids(raised.value.studies)
    assert len(raised.value.studies) >= 24 + 10


def test_the_name_of_what_is_missing_has_no_part_of_an_identifier() -> None:
    pacs = LimitedPacs([Row(f"1.{number}", patient="SECRET") for number in range(12)], 10)
    with pytest.raises(PartlyListedError) as raised:
        list_whole(pacs, WEEK)
    text = "the PACS does not list all studies of 2026-03-01 from 10:15 to 10:16, of some patients"
    assert raised.value.reason == f"{text}; all others are listed"
    assert "SE" not in f"{raised.value.reason}{pacs.asked}"


def test_a_pacs_that_lists_nothing_of_a_day_is_no_list_with_a_gap() -> None:
    pacs = LimitedPacs([Row("1.1")], 0, shows=False)
    with pytest.raises(TransientError, match="does not list any study of 2026-03-01") as raised:
        list_whole(pacs, Question(DAY, DAY))
    assert not isinstance(raised.value, PartlyListedError)


def test_a_pacs_that_refuses_every_question_is_soon_left_alone() -> None:
    asked: list[Question] = []

    def refuse(question: Question) -> Answer:
        asked.append(question)
        return Answer([], is_whole=False)

    with pytest.raises(TransientError, match="does not list any study of 2026-03-05"):
        list_whole(refuse, WEEK)
    assert len(asked) < 300


def test_one_day_of_which_nothing_is_listed_does_not_keep_the_others_back() -> None:
    rows = archive(100)
    pacs = LimitedPacs(rows, 100)

    def ask(question: Question) -> Answer:
        return Answer([], is_whole=False) if question.since <= DAY <= question.until else pacs(question)

    with pytest.raises(PartlyListedError, match="all studies of 2026-03-01; all others are listed") as raised:
        list_whole(ask, WEEK)
    assert uids(raised.value.studies) == {row.uid for row in rows if row.day != DAY}


@pytest.mark.parametrize("keys", [frozenset[str](), frozenset({"StudyTime"}), frozenset({"PatientID"})])
def test_a_day_costs_a_bounded_number_of_questions(keys: frozenset[str]) -> None:
    pacs = LimitedPacs([Row(f"1.{number}", time="", patient="") for number in range(12)], 10, keys=keys)
    with pytest.raises(PartlyListedError):
        list_whole(pacs, Question(DAY, DAY))
    assert len(pacs.asked) <= whole_list.MOST_QUESTIONS


def test_the_parts_of_a_question_cover_it_and_become_smaller() -> None:
    question = WEEK
    while not question.is_of_one_day:
        first, second = question.divisions()[0]
        assert (first.since, second.until) == (question.since, question.until)
        assert first.until + timedelta(days=1) == second.since
        question = second
    while question.first_minute < question.last_minute:
        first, second = question.divisions()[0]
        assert (first.first_minute, second.last_minute) == (question.first_minute, question.last_minute)
        assert first.last_minute + 1 == second.first_minute
        question = second
    assert question.criteria["StudyTime"] == "235900-235959.999999"
    for length in range(LONGEST_PREFIX):
        [parts] = question.divisions()
        assert [part.patient for part in parts if part.exact] == [question.patient][: min(length, 1)]
        question = parts[-1]
    assert question.divisions() == []
