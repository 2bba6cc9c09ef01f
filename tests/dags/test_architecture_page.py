"""The architecture page names only paths that exist, and every folder of the package."""

import re

from idh_tasks.settings import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
NAMED = re.findall(r"`((?:[\w.]+/)+(?:[\w.]+)?|[\w]+\.py)`", PAGE)


def exists(name: str) -> bool:
    """Return whether a path exists from the top level or from the package; a bare name may be in any folder."""
    if "/" not in name.rstrip("/"):
        anywhere = (path for top in ("idh_tasks", "sql", "tests") for path in (ROOT / top).rglob(name.rstrip("/")))
        return (ROOT / name).exists() or any(anywhere)
    return any((base / name).exists() for base in (ROOT, ROOT / "idh_tasks"))


def test_every_path_on_the_page_exists() -> None:
    assert len(NAMED) > 60
    assert [name for name in NAMED if not exists(name)] == []


def test_every_folder_of_the_package_has_a_place_on_the_page() -> None:
    folders = {path.name for path in (ROOT / "idh_tasks").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert {name for name in folders if f"{name}/" not in PAGE} == set()
