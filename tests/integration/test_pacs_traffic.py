"""Limits of the PACS hold over threads, processes and workers, as the PACS itself counts."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from idh_tasks.db.pacs_traffic import PacsTraffic
from idh_tasks.errors import PeerBusyError
from idh_tasks.intake.transport.find import find_studies, list_study
from idh_tasks.intake.transport.traffic import SharedPacs, shared
from idh_tasks.local.process import wait_until
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.deliveries import retrieved
from tests.pacs_double import STUDY, PacsDouble, instances, pacs_double

HOLDER = """
import sys, time
from idh_tasks.db.engine import Database
from idh_tasks.db.pacs_traffic import PacsTraffic
with PacsTraffic(Database(sys.argv[1])).slot(1, 5):
    print("held", flush=True)
    time.sleep(60)
"""
DAY = (date(2020, 1, 1), date(2020, 1, 1))


def traffic(platform: Platform) -> PacsTraffic:
    return PacsTraffic(Platform(platform.settings).database)


def limited(platform: Platform, double: PacsDouble, most: int, wait_s: float = 60) -> SharedPacs:
    """Return the PACS as one more worker sees it, with a database connection of its own."""
    update = {"max_associations": most, "association_wait_s": wait_s}
    return shared(double.settings.model_copy(update=update), traffic(platform))


@pytest.mark.parametrize("most", [1, 2, 3])
def test_eight_workers_never_have_more_associations_than_allowed(platform: Platform, most: int) -> None:
    """Each lists, asks for the instances and retrieves; the PACS counts."""

    def work(_worker: int) -> int:
        pacs = limited(platform, double, most)
        find_studies(pacs, *DAY)
        list_study(pacs, STUDY)
        return len(retrieved(pacs, STUDY, double.contents))

    with pacs_double(PacsDouble(instances(5))) as double, ThreadPoolExecutor(8) as workers:
        assert list(workers.map(work, range(16))) == [5] * 16
    assert double.most == most


def test_without_the_limit_they_would_have_more(platform: Platform) -> None:
    with pacs_double(PacsDouble(instances(5))) as double, ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda _: retrieved(limited(platform, double, 8), STUDY, double.contents), range(16)))
    assert double.most > 3


def test_no_association_is_free_is_said_after_the_wait(platform: Platform) -> None:
    with (
        traffic(platform).slot(1, 5),
        pytest.raises(PeerBusyError, match=r"E_PACS_BUSY: all 1 associations with the PACS were in use for 0\.3 s"),
        traffic(platform).slot(1, 0.3),
    ):
        pass
    with traffic(platform).slot(1, 0.3):
        pass


def test_an_association_is_free_again_when_its_work_fails(platform: Platform) -> None:
    with pytest.raises(ZeroDivisionError), traffic(platform).slot(1, 1):
        _ = 1 / 0
    with traffic(platform).slot(1, 0.3):
        pass


def test_an_association_is_free_again_when_its_process_dies(platform: Platform) -> None:
    url = platform.settings.database_url.get_secret_value()
    command = [sys.executable, "-c", HOLDER, url]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - the command is ours
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(PeerBusyError), traffic(platform).slot(1, 0.3):
            pass
    finally:
        holder.kill()
        holder.wait()
    with traffic(platform).slot(1, 30):
        pass


def test_a_slot_ends_with_its_session_and_leaves_none_behind(platform: Platform) -> None:
    def sessions() -> int:
        return int(run_sql(platform, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")[0][0])

    before = sessions()
    with traffic(platform).slot(2, 1):
        assert sessions() == before + 1
    assert wait_until(lambda: sessions() == before, 10)


def test_turns_are_an_interval_apart_over_all_workers(platform: Platform) -> None:
    run_sql(platform, "DELETE FROM idh.pacs_turn")
    with ThreadPoolExecutor(8) as workers:
        turns = list(workers.map(lambda _: traffic(platform).turn_in_s(60, 3600), range(8)))
    waits = sorted(turn for turn in turns if turn is not None)
    assert [round(wait / 60) for wait in waits] == list(range(8))
    run_sql(platform, "DELETE FROM idh.pacs_turn")


def test_a_turn_that_is_too_far_away_is_not_taken(platform: Platform) -> None:
    run_sql(platform, "DELETE FROM idh.pacs_turn")
    assert traffic(platform).turn_in_s(60, 10) == pytest.approx(0, abs=1)
    assert traffic(platform).turn_in_s(60, 10) is None
    assert traffic(platform).turn_in_s(60, 100) == pytest.approx(60, abs=5)
    run_sql(platform, "DELETE FROM idh.pacs_turn")


def test_unused_time_does_not_add_up_to_a_burst(platform: Platform) -> None:
    run_sql(platform, "DELETE FROM idh.pacs_turn")
    run_sql(platform, "INSERT INTO idh.pacs_turn (next_at) VALUES (now() - interval '1 day')")
    assert traffic(platform).turn_in_s(60, 600) == pytest.approx(0, abs=1)
    second = traffic(platform).turn_in_s(60, 600)
    assert second == pytest.approx(60, abs=5)
    run_sql(platform, "DELETE FROM idh.pacs_turn")
