"""The commit from which the DAGs are read, for Airflow to show; an installation without Git names none."""

from pathlib import Path

from idh_tasks.settings import ROOT

LENGTH = 10


def commit_tag(root: Path = ROOT) -> list[str]:
    """Return a tag such as ``commit 0123456789``, or nothing where the code has no Git folder."""
    commit = _commit(root / ".git")
    return [f"commit {commit[:LENGTH]}"] if commit else []


def _commit(git: Path) -> str:
    """Return the full hash of HEAD; a worktree keeps a file in the place of the folder."""
    folder = git
    if git.is_file():
        folder = (git.parent / _text(git).removeprefix("gitdir:").strip()).resolve()
    head = _text(folder / "HEAD")
    if not head.startswith("ref: "):
        return head
    name = head.removeprefix("ref: ")
    common = (folder / _text(folder / "commondir")).resolve()
    return _text(folder / name) or _text(common / name) or _packed(common / "packed-refs", name)


def _packed(path: Path, name: str) -> str:
    named = (line.split() for line in _text(path).splitlines() if line.endswith(f" {name}"))
    return next((words[0] for words in named), "")


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
