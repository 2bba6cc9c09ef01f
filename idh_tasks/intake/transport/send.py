"""Sends files to the PACS by C-STORE, as a modality would (PS3.4 B)."""

from pathlib import Path

from idh_tasks.codes import Code
from idh_tasks.endpoints import PacsSettings
from idh_tasks.errors import TransientError
from idh_tasks.intake.gate.accepted import SOP_CLASSES
from idh_tasks.intake.transport.association import association

ATTEMPTS = 4
"""How many associations are opened for the files that have not been acknowledged."""


def send_study(pacs: PacsSettings, files: list[Path]) -> None:
    """Send files; those that a lost association did not transfer are sent over a new one.

    Raises
    ------
    TransientError
        ``E_PACS`` if the PACS does not accept an instance.
    """
    remaining = list(files)
    for _ in range(ATTEMPTS):
        remaining = _send(pacs, remaining)
        if not remaining:
            return
    raise TransientError(Code.E_PACS, f"the PACS did not accept {len(remaining)} of {len(files)} instances")


def _send(pacs: PacsSettings, files: list[Path]) -> list[Path]:
    """Send until the association ends; return the files that were not acknowledged."""
    with association(pacs, [], *SOP_CLASSES) as opened:
        for sent, path in enumerate(files):
            if opened.send_c_store(path).get("Status") != 0:
                return files[sent:]
    return []
