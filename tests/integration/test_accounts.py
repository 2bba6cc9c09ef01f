"""Where the installation runs as root, its folder is closed, and third-party servers run as users of their own."""

import os
import stat
import subprocess

import psutil
import pytest

from idh_tasks.local import orthanc, postgres, seaweed
from idh_tasks.local.accounts import NUMBERS
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service

NOBODY = 65_534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start processes of other users")
PRIVATE_FILES = ("secrets.json", "store-keys.json", "postgres/pg_hba.conf")


def test_nobody_else_may_enter_the_folder(installation: Installation) -> None:
    mode = stat.S_IMODE(installation.home.stat().st_mode)
    assert mode & ~0o010 == 0o700
    assert mode == 0o700 or installation.home.stat().st_gid == 0, "the group of PostgreSQL, which root started"
    assert not [path for path in installation.home.iterdir() if stat.S_IMODE(path.stat().st_mode) & 0o077]


@as_root
@pytest.mark.parametrize("name", PRIVATE_FILES)
@pytest.mark.parametrize("account", [*NUMBERS.values(), NOBODY])
def test_no_other_user_can_read_a_secret(installation: Installation, account: int, name: str) -> None:
    groups = [installation.home.stat().st_gid] if account != NOBODY else []
    done = subprocess.run(  # noqa: S603 - ours
        ["cat", str(installation.home / name)],  # noqa: S607
        user=account, group=account, extra_groups=groups, cwd="/", capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert b"Permission denied" in done.stderr


@as_root
def test_each_server_runs_as_a_user_of_its_own(installation: Installation) -> None:
    names = [seaweed.NAME] + ([orthanc.NAME] if orthanc.installed() else [])
    for name in names:
        process = psutil.Process(Service(installation, name).pid() or 0)
        assert set(process.uids()) == {NUMBERS[name]}
        assert set(process.gids()) == {NUMBERS[name]}
    database = postgres.pid(installation)
    assert database is not None
    assert 0 not in psutil.Process(database).uids()
