"""Every pipeline asks the PACS as all workers share it, and never past their limits."""

import re

from idh_tasks.settings import ROOT

PIPELINES = ROOT / "idh_tasks" / "pipelines"
USE = re.compile(r"settings\.pacs\b(?! is not None)")


def test_only_the_platform_reads_the_settings_of_the_pacs() -> None:
    users = {str(p.relative_to(PIPELINES)) for p in PIPELINES.rglob("*.py") if USE.search(p.read_text())}
    assert users == {"platform.py"}
