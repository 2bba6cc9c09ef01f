"""An installation accepts only the pseudonym key with which it was first used."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from idh_tasks.domain.role import Role
from idh_tasks.errors import RunRefusedError
from idh_tasks.local import up
from idh_tasks.local.installation import Installation
from idh_tasks.pipelines.ingest import night
from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import IdentifierRule
from tests.database import run_sql
from tests.hospital import drop, study
from tests.roles import database_as

FORGET = "DELETE FROM idh.pseudonym_key"
"""As in an installation of a version that recorded no fingerprint."""
RECORDED = "SELECT count(*) FROM idh.pseudonym_key"
BUCKET = ("bucket",)
"""The PACS of the session holds what other tests have sent to it."""


@pytest.fixture(autouse=True)
def own_fingerprint(platform: Platform) -> Iterator[None]:
    """Start without a fingerprint, and leave that of the session's key behind."""
    run_sql(platform, FORGET)
    yield
    run_sql(platform, f"{FORGET}; TRUNCATE phi.patient_identity CASCADE")
    _ = reopened(platform).pseudonymiser


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


def test_a_file_is_not_sealed_with_another_key(platform: Platform) -> None:
    _ = reopened(platform).vault
    with pytest.raises(RunRefusedError, match="E_KEY"):
        _ = with_another_key(platform).vault


def test_an_older_installation_accepts_the_key_that_explains_its_patients(platform: Platform) -> None:
    drop(platform, "first", study())
    night.ingest(reopened(platform), BUCKET)
    run_sql(platform, FORGET)
    with pytest.raises(RunRefusedError, match=r"E_KEY.*other pseudonyms"):
        _ = with_another_key(platform).pseudonymiser
    assert run_sql(platform, RECORDED) == [(0,)]
    _ = reopened(platform).pseudonymiser
    assert run_sql(platform, RECORDED) == [(1,)]


def test_patients_whose_identifiers_are_compared_differently_by_now_do_not_hide_the_right_key(
    platform: Platform,
) -> None:
    drop(platform, "first", study(patient="0012"))
    drop(platform, "second", study("1.2.4", patient="34"))
    night.ingest(reopened(platform), BUCKET)
    run_sql(platform, FORGET)
    rule = IdentifierRule(leading_zeros=True)
    _ = Platform(platform.settings.model_copy(update={"identifiers": rule})).pseudonymiser
    assert run_sql(platform, RECORDED) == [(1,)]


@pytest.mark.parametrize("role", [Role.PREDICT, Role.TRAIN, Role.PAGES])
def test_a_role_that_cannot_check_the_key_does_not_record_it(platform: Platform, role: Role) -> None:
    predicting = Platform(platform.settings)
    vars(predicting)["database"] = database_as(platform, role)
    with pytest.raises(RunRefusedError, match=r"E_KEY.*no pseudonym key is recorded yet"):
        _ = predicting.pseudonymiser
    _ = reopened(platform).pseudonymiser
    assert predicting.pseudonymiser


def test_an_installation_does_not_start_with_another_key(installation: Installation, platform: Platform) -> None:
    _ = reopened(platform).pseudonymiser
    other = Installation(installation.home)
    vars(other)["secrets"] = installation.secrets | {"pseudonym_key": "another key " * 4}
    with pytest.raises(RunRefusedError, match="E_KEY"):
        up.services_up(other, print)
