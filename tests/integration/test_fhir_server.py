"""Polling a FHIR server into a real bucket and database: nothing is lost, nothing is read twice."""

from pathlib import Path
from typing import Any

import pytest

from idh_tasks.db import watermarks
from idh_tasks.errors import RunRefusedError, TransientError
from idh_tasks.pipelines.link import feed
from idh_tasks.pipelines.link.fhir_server import Polled, poll_laboratory
from idh_tasks.pipelines.platform import Platform
from tests.fhir_server import Answer, FhirServer, fhir_server
from tests.integration.test_feed import statuses, with_settings
from tests.unit.linkage.feed.fhir.bundles import negatives, patient, report

pytestmark = pytest.mark.services


def laboratory(count: int) -> list[dict[str, Any]]:
    reports = [
        report("a", "b", id=f"r{n}", identifier=[{"value": f"R{n}"}], meta={"lastUpdated": f"2020-01-01T00:{n:02}:00Z"})
        for n in range(count)
    ]
    return [patient(), *negatives(), *reports]


def polling(platform: Platform, server: FhirServer) -> Platform:
    return with_settings(platform, fhir=server.settings)


def position(platform: Platform) -> str | None:
    with platform.database.begin() as transaction:
        return watermarks.position(transaction, "fhir")


def test_without_a_server_nothing_is_polled(platform: Platform) -> None:
    assert poll_laboratory(platform) is None


def test_pages_become_files_that_are_read_once(platform: Platform) -> None:
    with fhir_server(resources=laboratory(3)) as server:
        polled = polling(platform, server)
        assert poll_laboratory(polled) == Polled(2, 2)
        assert feed.load_reports(polled) == 3
        assert position(platform) == "2020-01-01T00:02:00.000000"
        assert poll_laboratory(polled) == Polled(2, 0)
        assert feed.load_reports(polled) == 0
        assert set(statuses(platform).values()) == {"wildtype"}
    keys = [one.key for one in platform.pathology_drop.listed("pathology/fhir/")]
    assert len(keys) == 2
    assert all(Path(key).suffix == ".json" and "R0" not in key for key in keys)


def test_the_position_moves_only_after_the_last_page(platform: Platform) -> None:
    def expired(_server: FhirServer, number: int, usual: Answer) -> Answer:
        return (401, {}, b"") if number == 2 else usual

    with fhir_server(resources=laboratory(3), disturb=expired) as server:
        polled = polling(platform, server)
        with pytest.raises(RunRefusedError, match="E_FHIR_AUTH"):
            poll_laboratory(polled)
        assert position(platform) is None
        assert feed.load_reports(polled) == 2
        assert poll_laboratory(polled) == Polled(2, 1)
        assert feed.load_reports(polled) == 1


def test_a_later_change_is_found_and_a_time_in_the_future_does_not_end_the_feed(platform: Platform) -> None:
    with fhir_server(resources=laboratory(1)) as server:
        polled = polling(platform, server)
        poll_laboratory(polled)
        future = report("a", "b", id="rx", identifier=[{"value": "RX"}], meta={"lastUpdated": "2099-01-01T00:00:00Z"})
        server.resources.append(future)
        assert poll_laboratory(polled) == Polled(1, 1)
        assert position(platform) == "2020-01-01T00:00:00.000000"
        server.resources.append(
            report("a", "b", id="r9", identifier=[{"value": "R9"}], meta={"lastUpdated": "2020-01-01T00:30:00Z"})
        )
        poll_laboratory(polled)
        assert feed.load_reports(polled) == 3


def test_an_entity_tag_spares_what_has_not_changed(platform: Platform) -> None:
    with fhir_server(resources=laboratory(1), with_etag=True) as server:
        polled = polling(platform, server)
        assert [poll_laboratory(polled) for _ in range(3)] == [Polled(1, 1), Polled(1, 0), Polled(0, 0)]
        server.resources += laboratory(2)[-1:]
        assert poll_laboratory(polled) == Polled(1, 1)


def test_a_server_that_does_not_answer_costs_no_position(platform: Platform) -> None:
    with fhir_server(disturb=lambda *_: (404, {}, b"")) as server, pytest.raises(TransientError, match="E_FHIR"):
        poll_laboratory(polling(platform, server))
    assert position(platform) is None
