"""An installation accepts only the pseudonym key with which it was first used."""

import pytest
from pydantic import SecretStr

from idh_tasks.errors import RunRefusedError
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.hospital import drop, study

BUCKET = ("bucket",)
"""The PACS of the session holds what other tests have sent to it."""


def with_another_key(platform: Platform) -> Platform:
    return Platform(platform.settings.model_copy(update={"pseudonym_key": SecretStr("another key " * 4)}))


def reopened(platform: Platform) -> Platform:
    return Platform(platform.settings)


def test_only_the_fingerprint_of_the_first_key_is_recorded(platform: Platform) -> None:
    secret = reopened(platform).pseudonymiser
    [(version, fingerprint)] = run_sql(platform, "SELECT version, fingerprint FROM idh.pseudonym_key")
    assert (version, fingerprint) == (1, secret.fingerprint())
    assert platform.settings.pseudonym_key.get_secret_value() not in fingerprint


def test_the_same_key_is_accepted_again(platform: Platform) -> None:
    first = reopened(platform).pseudonymiser
    assert reopened(platform).pseudonymiser.patient("H", "1") == first.patient("H", "1")


def test_nothing_is_ingested_with_another_key(platform: Platform) -> None:
    drop(platform, "first", study())
    night.ingest(reopened(platform), BUCKET)
    drop(platform, "second", study("1.2.4"))
    with pytest.raises(RunRefusedError, match="E_KEY"):
        night.ingest(with_another_key(platform), BUCKET)
    assert run_sql(platform, "SELECT count(*) FROM idh.study") == [(1,)]
