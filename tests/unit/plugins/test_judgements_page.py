"""What the page of a study says of its exclusion."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from idh_airflow.ui.rendering import ENVIRONMENT

from idh_tasks.domain.review import ImageFault

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def shown(exclusion: object = None) -> str:
    """Return the part of the page as a reviewer sees it."""
    judged, overview = SimpleNamespace(exclusion=exclusion, exclusions=[]), SimpleNamespace(study_id="s")
    template = ENVIRONMENT.get_template("study_judgements.html.j2")
    return template.render(base="/idh", judged=judged, overview=overview, may=lambda _: True)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (ImageFault.MOTION, "motion"),
        (ImageFault.ARTEFACT, "artefacts"),
        (ImageFault.COVERAGE, "coverage"),
        (ImageFault.OTHER, "another fault of the images"),
    ],
)
def test_a_fault_is_named_in_words(fault: ImageFault, words: str) -> None:
    exclusion = SimpleNamespace(fault=fault, excluded_by="mary", excluded_at=NOON, reason="seen")
    assert f"<strong>Excluded for {words}</strong> by mary" in shown(exclusion)
    assert f'<option value="{fault}">{words}</option>' in shown()
