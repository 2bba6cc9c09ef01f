"""Two processes may start installations at the same time."""

import os
import pwd
import stat
import subprocess
from pathlib import Path

import pytest

from idh_tasks.local import accounts
from idh_tasks.local.installation import Installation


@pytest.fixture
def useradd(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Let `useradd` fail, as where a user exists; return the users whom another process creates meanwhile."""
    users: set[str] = set()
    created: set[str] = set()

    def entry(name: str) -> str:
        if name not in created:
            raise KeyError(name)
        return name

    def failed(command: list[str], *, check: bool, capture_output: bool) -> subprocess.CompletedProcess[bytes]:
        assert not check
        assert capture_output
        created.update(users)
        return subprocess.CompletedProcess(command, 9)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", entry)
    monkeypatch.setattr(subprocess, "run", failed)
    return users


def test_the_database_user_may_be_created_by_another_installation_meanwhile(useradd: set[str]) -> None:
    useradd.add(accounts.DATABASE_USER)
    assert accounts.database_account() == accounts.DATABASE_USER


@pytest.mark.usefixtures("useradd")
def test_without_its_user_the_database_is_not_started() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        accounts.database_account()


def test_a_file_that_has_gone_meanwhile_does_not_leave_the_others_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, gone = tmp_path / "secrets.json", tmp_path / ".secrets.json.new"
    left.touch(mode=0o644)
    monkeypatch.setattr(Path, "iterdir", lambda _: iter([gone, left]))
    accounts.close(Installation(tmp_path))
    assert stat.S_IMODE(left.stat().st_mode) == 0o600
