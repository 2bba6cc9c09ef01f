"""The oracle notices each way in which an instance can be lost, taken needlessly or filed wrongly."""

from dataclasses import replace
from datetime import date

from tests.pacs_table import oracle
from tests.pacs_table.events import Happened
from tests.pacs_table.kinds import COHORT, OTHERS
from tests.pacs_table.make import make_series, make_study
from tests.pacs_table.oracle import Account, Facts, Platform

DAY = date(2020, 1, 1)
HEAD, KNEE = make_study(1, COHORT, DAY, "P1", cohort=True), make_study(2, OTHERS[0], DAY, "P2")
HEAD_SERIES, KNEE_SERIES = make_series(HEAD, COHORT), make_series(KNEE, OTHERS[0])
FACTS = Facts([(HEAD, HEAD_SERIES), (KNEE, KNEE_SERIES)], [], list(range(10)), grace=3)
WANTED = frozenset(uid for one in HEAD_SERIES if one.recipe.need == "wanted" for uid in one.instance_uids())
RIGHT = Platform(stored=WANTED, held=frozenset(), excluded=frozenset({KNEE.study_uid}), misfiled=frozenset())
NO_USE = sum(one.instances for one in HEAD_SERIES if one.recipe.need == "unwanted")


def by_account(facts: Facts, platform: Platform) -> dict[Account, int]:
    counted: dict[Account, int] = {}
    for (account, _), count in oracle.accounts(facts, platform).items():
        counted[account] = counted.get(account, 0) + count
    return counted


def test_a_platform_that_does_everything_right_has_no_fault() -> None:
    assert oracle.missed(FACTS, RIGHT) == {}
    assert by_account(FACTS, RIGHT) == {
        Account.STORED: len(WANTED),
        Account.EXCLUDED: sum(one.instances for one in KNEE_SERIES),
        Account.LEFT_OUT: NO_USE,
    }


def test_a_lost_instance_makes_its_study_missed_and_is_not_accounted_for() -> None:
    one = min(WANTED)
    platform = replace(RIGHT, stored=WANTED - {one})
    assert oracle.missed(FACTS, platform) == {"there before": 1}
    assert by_account(FACTS, platform)[Account.LOST] == 1


def test_a_study_that_is_held_by_name_is_accounted_for_and_found_only_if_its_date_is_wrong() -> None:
    platform = replace(RIGHT, stored=frozenset(), held=frozenset({HEAD.study_uid}))
    assert by_account(FACTS, platform)[Account.HELD] == len(WANTED) + NO_USE
    assert oracle.missed(FACTS, platform) == {"there before": 1}
    undated = replace(FACTS, happened=[Happened(0, "missing date", HEAD.study_uid)])
    assert oracle.missed(undated, platform) == {}


def test_a_study_that_nobody_excluded_is_lost() -> None:
    assert by_account(FACTS, replace(RIGHT, excluded=frozenset()))[Account.LOST] == sum(
        one.instances for one in KNEE_SERIES
    )


def test_instances_of_a_knee_and_of_a_localizer_are_outside() -> None:
    localizer, knee = f"{HEAD_SERIES[0].series_uid}.1", f"{KNEE_SERIES[1].series_uid}.1"
    sent = {localizer, knee, *WANTED}
    assert oracle.other_bodies(FACTS, sent) == {knee}
    assert oracle.of_no_use(FACTS, sent) == {localizer}


def test_a_change_counts_only_after_the_nights_of_grace() -> None:
    nobody = replace(RIGHT, stored=frozenset(), misfiled=frozenset({HEAD.study_uid}))
    recent = replace(FACTS, happened=[Happened(8, "grown", HEAD.study_uid)])
    assert oracle.missed(recent, nobody) == {}
    assert oracle.misfiled(recent, nobody) == set()
    assert oracle.misfiled(FACTS, nobody) == {HEAD.study_uid}
    away = replace(recent, happened=[Happened(3, "grown", HEAD.study_uid)], reached=[0, 1, 2, 8, 9])
    assert oracle.missed(away, nobody) == {}


def test_what_an_archive_has_deleted_is_gone() -> None:
    gone = frozenset({f"{HEAD.study_uid}.9.1"})
    shrunken = replace(FACTS, happened=[Happened(0, "shrunken", HEAD.study_uid, gone)])
    assert by_account(shrunken, RIGHT)[Account.GONE] == 1


def test_an_instance_that_comes_again_without_a_change_is_repeated() -> None:
    one = min(WANTED)
    assert oracle.repeated(FACTS, {0: [one], 1: [one]}) == {"there before": 1}
    resent = replace(FACTS, happened=[Happened(1, "resent", HEAD.study_uid)])
    assert oracle.repeated(resent, {0: [one], 1: [one]}) == {}
