"""An installation has its own secrets and ports, made once and kept private."""

import os
import stat
from pathlib import Path

import pytest

from idh_tasks.local.installation import GRPC_OFFSET, Installation, read_env


def test_h10_secrets_are_random_kept_and_private(tmp_path: Path) -> None:
    one, other = Installation(tmp_path / "one"), Installation(tmp_path / "other")
    assert one.secrets == Installation(tmp_path / "one").secrets
    assert not set(one.secrets.values()) & set(other.secrets.values())
    assert all(len(value) >= 16 for value in one.secrets.values())
    assert stat.S_IMODE((tmp_path / "one" / "secrets.json").stat().st_mode) == 0o600


def test_ports_are_distinct_also_with_their_grpc_twins(tmp_path: Path) -> None:
    ports = list(Installation(tmp_path).ports.values())
    both = ports + [port + GRPC_OFFSET for port in ports]
    assert len(set(both)) == len(both)
    assert max(both) < 2**16


def test_options_are_chosen_once_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDH_TEST_SET", "by hand")
    monkeypatch.delenv("IDH_TEST_FREE", raising=False)
    installation = Installation(tmp_path)
    installation.choose_options({"IDH_TEST_SET": "chosen", "IDH_TEST_FREE": "1"})
    installation.choose_options({"IDH_TEST_FREE": "2"})
    assert (os.environ["IDH_TEST_SET"], os.environ.pop("IDH_TEST_FREE")) == ("by hand", "1")


def test_comments_and_blank_lines_are_no_settings(tmp_path: Path) -> None:
    (tmp_path / "x.env").write_text("# why\n\nA=1\nB=x=y\n")
    assert read_env(tmp_path / "x.env") == {"A": "1", "B": "x=y"}
