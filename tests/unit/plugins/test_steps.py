"""The platform's errors become failure, skip or retry; the text of an unknown error is never passed on."""

from collections.abc import Callable

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from idh_airflow.steps import outcomes, skip_unless

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError, TransientError


def raising(error: Exception) -> Callable[[], None]:
    @outcomes
    def body() -> None:
        raise error

    return body


def test_a_transient_error_is_retried() -> None:
    with pytest.raises(AirflowException, match="E_PACS") as caught:
        raising(TransientError(Code.E_PACS, "away"))()
    assert not isinstance(caught.value, AirflowFailException)


def test_a_refusal_fails_without_a_retry() -> None:
    with pytest.raises(AirflowFailException, match="E_KEY"):
        raising(RunRefusedError(Code.E_KEY, "missing"))()


def test_h03_an_unknown_error_tells_its_type_and_place_only() -> None:
    with pytest.raises(AirflowException, match=r"E_UNEXPECTED: ValueError at test_steps\.py:\d+") as caught:
        raising(ValueError("Zebedee^Marker born 19600102"))()
    assert "Zebedee" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_skip_stays_a_skip() -> None:
    with pytest.raises(AirflowSkipException, match="nothing new"):
        outcomes(lambda: skip_unless([], "nothing new"))()
