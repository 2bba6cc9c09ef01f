"""Where the installation runs as root, its folder is closed, and third-party servers run as users of their own."""

import os
import stat
import subprocess

import psutil
import pytest

from idh_tasks.local import orthanc, postgres, seaweed
from idh_tasks.local.accounts import COMPONENTS, PASSING_GROUP, SERVERS
from idh_tasks.local.installation import Installation
from idh_tasks.local.process import Service

NOBODY = 65_534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start processes of other users")
PRIVATE_FILES = ("secrets.json", "store-keys.json", "postgres/pg_hba.conf")


def test_only_services_may_pass_the_folder(installation: Installation) -> None:
    mode = stat.S_IMODE(installation.home.stat().st_mode)
    if os.geteuid() == 0:
        assert mode == 0o710
        assert installation.home.stat().st_gid == PASSING_GROUP
    else:
        assert mode == 0o700


def test_nothing_in_the_folder_is_open_to_others(installation: Installation) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in installation.home.iterdir()}
    assert {name: mode for name, mode in modes.items() if mode & 0o007} == {}
    # Airflow's components share their configuration; clients of PostgreSQL enter the folder of its socket.
    assert {name for name, mode in modes.items() if mode & 0o070} <= {"airflow", "sockets"}


@as_root
@pytest.mark.parametrize("name", PRIVATE_FILES)
@pytest.mark.parametrize("account", [*SERVERS.values(), *COMPONENTS.values(), NOBODY])
def test_no_other_user_can_read_a_secret(installation: Installation, account: int, name: str) -> None:
    groups = [PASSING_GROUP] if account != NOBODY else []
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
        assert set(process.uids()) == {SERVERS[name]}
        assert set(process.gids()) == {SERVERS[name]}
    database = postgres.pid(installation)
    assert database is not None
    assert 0 not in psutil.Process(database).uids()
