"""Airflow shows of each DAG the commit that it was read from."""

import subprocess
from pathlib import Path

import pytest
from idh_airflow.commit import commit_tag
from idh_airflow.defaults import DAG_DEFAULTS

from idh_tasks.settings import ROOT

IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@example.org")


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *IDENTITY, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - ours


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", str(tmp_path / "repository"))
    git(tmp_path / "repository", "commit", "-q", "--allow-empty", "-m", "first")
    return tmp_path / "repository"


def tag_of(folder: Path) -> list[str]:
    return [f"commit {git(folder, 'rev-parse', 'HEAD')[:10]}"]


def test_a_branch_packed_or_not_a_worktree_and_a_detached_head(repository: Path) -> None:
    assert commit_tag(repository) == tag_of(repository)
    git(repository, "worktree", "add", "-q", "-b", "side/branch", str(repository.parent / "worktree"))
    git(repository.parent / "worktree", "commit", "-q", "--allow-empty", "-m", "second")
    assert commit_tag(repository.parent / "worktree") == tag_of(repository.parent / "worktree") != tag_of(repository)
    git(repository, "pack-refs", "--all")
    assert commit_tag(repository) == tag_of(repository)
    assert commit_tag(repository.parent / "worktree") == tag_of(repository.parent / "worktree")
    git(repository, "checkout", "-q", "--detach")
    assert commit_tag(repository) == tag_of(repository)


def test_code_without_git_names_no_commit(tmp_path: Path) -> None:
    assert commit_tag(tmp_path) == []


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"gitdir: gone"])
def test_a_git_file_that_leads_nowhere_names_no_commit(content: bytes, tmp_path: Path) -> None:
    (tmp_path / ".git").write_bytes(content)
    assert commit_tag(tmp_path) == []


def test_a_git_file_that_may_not_be_read_names_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> str:
        raise PermissionError

    (tmp_path / ".git").touch()
    monkeypatch.setattr(Path, "read_text", refused)
    assert commit_tag(tmp_path) == []


def test_every_dag_has_the_tag() -> None:
    assert set(commit_tag(ROOT)) <= set(DAG_DEFAULTS["tags"])
