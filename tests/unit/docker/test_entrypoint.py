"""The entrypoint refuses to start without every secret, and names the missing one."""

import os
import subprocess
from pathlib import Path

import pytest

from idh_tasks.settings import ROOT

SHELL, NOBODY = "/bin/sh", 65534
ENTRYPOINT = ROOT / "docker" / "entrypoint.sh"


def started(home: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), **variables}
    return run([SHELL, str(ENTRYPOINT), *command], environment)


def run(command: list[str], environment: dict[str, str], user: int | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - ours
        command, env=environment, capture_output=True, text=True, check=False, user=user, cwd="/"
    )


def secret(folder: Path, content: str, mode: int = 0o600) -> Path:
    path = folder / "fernet_key"
    path.write_text(content)
    path.chmod(mode)
    return path


def test_a_secret_becomes_a_variable(tmp_path: Path) -> None:
    path = secret(tmp_path, "two words\n")
    done = started(tmp_path, "sh", "-c", 'echo "[$FERNET_KEY] [${FERNET_KEY__FROM-gone}]"', FERNET_KEY__FROM=str(path))
    assert (done.returncode, done.stdout) == (0, "[two words] [gone]\n")


@pytest.mark.parametrize(("content", "word"), [("", "empty"), ("\n", "empty"), (" \n\t\n", "empty"), (None, "missing")])
def test_an_empty_or_missing_secret_stops_the_start_and_is_named(
    tmp_path: Path, content: str | None, word: str
) -> None:
    path = tmp_path / "fernet_key" if content is None else secret(tmp_path, content)
    done = started(tmp_path, "echo", "started", FERNET_KEY__FROM=str(path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"E_PREFLIGHT: the secret of FERNET_KEY ({path}) is {word}; the container does not start\n"


def test_a_secret_of_another_user_stops_the_start_and_is_named(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can try to be another user")
    folder = Path("/tmp") / tmp_path.name  # noqa: S108 - pytest's own folder cannot be entered by another user
    folder.mkdir(mode=0o755)
    try:
        entrypoint = folder / "entrypoint.sh"
        entrypoint.write_text(ENTRYPOINT.read_text())
        path = secret(folder, "content")
        environment = {"PATH": os.environ["PATH"], "FERNET_KEY__FROM": str(path)}
        done = run([SHELL, str(entrypoint), "echo", "started"], environment, user=NOBODY)
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    assert (done.returncode, done.stdout) == (1, "")
    assert "the secret of FERNET_KEY" in done.stderr
    assert "is unreadable" in done.stderr


def test_what_exists_but_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    done = started(tmp_path, "echo", "started", FERNET_KEY__FROM=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert "is unreadable" in done.stderr


def test_the_second_of_two_secrets_is_checked_too(tmp_path: Path) -> None:
    good = secret(tmp_path, "content")
    done = started(tmp_path, "echo", "started", A__FROM=str(good), B__FROM=str(tmp_path / "nothing"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "the secret of B " in done.stderr
