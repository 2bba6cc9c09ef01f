"""The key of a recorded head of the audit chain contains the whole head."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idh_tasks.domain.audit import ChainHead
from idh_tasks.store.keys import AUDIT, audit_head, read_audit_head

HEADS = st.builds(
    ChainHead,
    position=st.integers(1, 2**63 - 1),
    hash=st.binary(min_size=32, max_size=32).map(bytes.hex),
    occurred_at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - required
)


@given(HEADS)
def test_a_head_is_read_back_from_its_key(head: ChainHead) -> None:
    assert audit_head(head).startswith(AUDIT)
    assert read_audit_head(audit_head(head)) == head


@given(HEADS, HEADS)
def test_heads_of_different_times_sort_by_time(first: ChainHead, second: ChainHead) -> None:
    if first.occurred_at < second.occurred_at:
        assert audit_head(first) < audit_head(second)


@pytest.mark.parametrize(
    "key",
    [
        "audit/",
        "audit/note.txt",
        "audit/20260101T000000.000000Z-1-ab",
        f"audit/20269999T000000.000000Z-000000000001-{'ab' * 32}",
    ],
)
def test_another_key_is_no_head(key: str) -> None:
    assert read_audit_head(key) is None
