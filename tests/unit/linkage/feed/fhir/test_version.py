"""Versions: times in UTC, so that a later statement has a greater number."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.linkage.feed.fhir.bundles import bundle, only, patient, refusals, report

UPDATED = {"lastUpdated": "2019-10-01T01:00:00+02:00", "versionId": "7"}


@pytest.mark.parametrize(
    ("changes", "version"),
    [
        ({}, 20190915153505), ({"meta": UPDATED}, 20190915153505), ({"issued": None, "meta": UPDATED}, 20190930230000),
        ({"issued": None, "meta": {"versionId": "7"}}, 7), ({"issued": "2019-10-01T00:00:00.999Z"}, 20191001000000),
    ],
)  # fmt: skip
def test_the_version_is_the_time_of_issue_then_of_the_update_then_the_number(
    changes: dict[str, Any], version: int
) -> None:
    assert only(bundle(patient(), report(**changes))).version == version


@pytest.mark.parametrize("meta", [None, {"versionId": "abc"}, {"versionId": "9" * 19}])
def test_a_report_without_a_version_is_refused(meta: dict[str, Any] | None) -> None:
    assert refusals(bundle(patient(), report(issued=None, meta=meta))) == [
        "the report states neither its time of issue nor a version"
    ]


@given(
    st.integers(0, 4 * 10**8).map(lambda seconds: datetime(2010, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)),
    st.integers(1, 10_000_000),
    st.integers(-12, 14),
    st.integers(-12, 14),
)
def test_a_later_time_is_a_greater_version_in_any_time_zone(
    moment: datetime, later: int, here: int, there: int
) -> None:
    def version(at: datetime, hours: int) -> int:
        local = (at + timedelta(hours=hours)).replace(tzinfo=None, microsecond=0)
        return only(bundle(patient(), report(issued=f"{local.isoformat()}{hours:+03d}:00"))).version

    assert version(moment, here) < version(moment + timedelta(seconds=later), there)
