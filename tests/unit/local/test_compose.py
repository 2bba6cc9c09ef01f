"""The compose file mounts what is generated, and nothing in it has a default."""

import stat
from pathlib import Path

import yaml

from idh_tasks.local.compose import write_secrets
from idh_tasks.settings import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())


def test_every_secret_is_generated_and_every_generated_file_is_mounted(tmp_path: Path) -> None:
    assert sorted(COMPOSE["secrets"]) == write_secrets(tmp_path)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())


def test_secrets_that_exist_are_left_alone(tmp_path: Path) -> None:
    write_secrets(tmp_path)
    before = (tmp_path / "fernet_key").read_text()
    assert write_secrets(tmp_path) == []
    assert (tmp_path / "fernet_key").read_text() == before


def test_h10_no_password_stands_in_the_compose_file() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if any(word in name for word in ("KEY", "SECRET", "PASSWORD", "CONN")):
                assert str(value).startswith("/run/secrets/")


def test_training_has_a_worker_of_its_own_with_the_gpu() -> None:
    worker = COMPOSE["services"]["worker-gpu"]
    assert worker["command"][worker["command"].index("--queues") + 1] == "gpu"
    [device] = worker["deploy"]["resources"]["reservations"]["devices"]
    assert device["driver"] == "nvidia"
    assert "gpu" not in COMPOSE["services"]["worker-default"]["command"]
