"""An installation has its own secrets and ports, made once and kept private."""

import json
import os
import stat
from pathlib import Path

import pytest

from idh_tasks.local.airflow import USER, USERS, configuration, passwords_file
from idh_tasks.local.installation import Installation
from idh_tasks.local.logins import LOGINS
from idh_tasks.local.ports import GRPC_OFFSET
from idh_tasks.settings import ROOT


def test_h10_secrets_are_random_kept_and_private(tmp_path: Path) -> None:
    one, other = Installation(tmp_path / "one"), Installation(tmp_path / "other")
    assert one.secrets == Installation(tmp_path / "one").secrets
    assert not set(one.secrets.values()) & set(other.secrets.values())
    assert all(len(value) >= 16 for value in one.secrets.values())
    assert stat.S_IMODE((tmp_path / "one" / "secrets.json").stat().st_mode) == 0o600


def test_an_older_installation_keeps_its_secrets_and_its_age_and_gets_the_missing_passwords(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps({"pseudonym_key": "kept"}))
    os.utime(path, (1.7e9, 1.7e9))
    upgraded = Installation(tmp_path)
    assert upgraded.secrets["pseudonym_key"] == "kept"
    assert upgraded.created.timestamp() == 1.7e9
    passwords = {upgraded.database_password(login) for login in LOGINS}
    assert len(passwords) == len(LOGINS)
    assert Installation(tmp_path).secrets == upgraded.secrets
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_user_has_a_private_password_that_survives_the_next_start(tmp_path: Path) -> None:
    path = passwords_file(Installation(tmp_path))
    first = json.loads(path.read_text())
    assert first.keys() == USERS.keys()
    assert len(set(first.values())) == len(USERS)
    assert json.loads(passwords_file(Installation(tmp_path)).read_text()) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_older_installation_keeps_the_password_of_its_user_and_gets_the_missing_users(tmp_path: Path) -> None:
    (tmp_path / "passwords.json").write_text(json.dumps({USER: "kept"}))
    stored = json.loads(passwords_file(Installation(tmp_path)).read_text())
    assert stored[USER] == "kept"
    assert stored.keys() == USERS.keys()


def test_the_folder_of_a_new_installation_is_private(tmp_path: Path) -> None:
    home = tmp_path / ".idh"
    _ = Installation(home).secrets
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_ports_are_distinct_including_their_grpc_ports(tmp_path: Path) -> None:
    ports = list(Installation(tmp_path).ports.values())
    both = ports + [port + GRPC_OFFSET for port in ports]
    assert len(set(both)) == len(both)
    assert max(both) < 2**16


def test_options_are_saved_once_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDH_TEST_SET", "by hand")
    monkeypatch.delenv("IDH_TEST_FREE", raising=False)
    installation = Installation(tmp_path)
    installation.choose_options({"IDH_TEST_SET": "chosen", "IDH_TEST_FREE": "1"})
    installation.choose_options({"IDH_TEST_FREE": "2"})
    assert (os.environ["IDH_TEST_SET"], os.environ.pop("IDH_TEST_FREE")) == ("by hand", "1")


@pytest.mark.parametrize("value", ["x=y", "a b", "it's", "#7", "$HOME", ""])
def test_an_option_is_loaded_as_it_was_saved(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDH_TEST_FREE", raising=False)
    Installation(tmp_path).choose_options({"IDH_TEST_FREE": value})
    assert os.environ.pop("IDH_TEST_FREE") == value


def test_options_of_an_earlier_version_are_still_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDH_TEST_FREE", raising=False)
    (tmp_path / "options.env").write_text("IDH_TEST_FREE=semi-synthetic\n")
    Installation(tmp_path).load_options()
    assert os.environ.pop("IDH_TEST_FREE") == "semi-synthetic"


def test_airflows_configuration_holds_values_as_the_file_has_them() -> None:
    lines = (ROOT / "docker" / "airflow.env").read_text().splitlines()
    assignments = [line for line in lines if line and not line.startswith("#")]
    assert [f"{name}={value}" for name, value in configuration().items()] == assignments
