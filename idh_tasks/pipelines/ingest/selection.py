"""Which of the studies that an archive lists are taken."""

from collections import Counter
from collections.abc import Sequence

from idh_tasks.intake.transport.listing import PacsStudy
from idh_tasks.pipelines.platform import Platform


def select(
    platform: Platform,  # noqa: ARG001 - the filter of the settings
    source: str,  # noqa: ARG001
    listed: Sequence[PacsStudy],
) -> tuple[list[PacsStudy], Counter[str]]:
    """Return the studies that are taken, and how many others were seen, by reason."""
    return list(listed), Counter()
