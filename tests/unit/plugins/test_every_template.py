"""What holds in every template: links to Airflow, explanations, times and ids."""

import re
from pathlib import Path

import pytest
from idh_airflow.ui.rendering import ENVIRONMENT, FOLDER

TEMPLATES = sorted((FOLDER / "templates").glob("*.j2"))
OURS = ("{{ base }}", "{{ address }}", "{{ base ~", "?", "#")
"""How the address of a page of ours begins; all others are Airflow's."""
WORDS = ENVIRONMENT.get_template("glossary.html.j2").module.words  # type: ignore[attr-defined]

pytestmark = pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)


def tags(template: Path, name: str) -> list[str]:
    """Return the opening tags of an element, which may contain tags of Jinja."""
    jinja = r"\{\{.*?\}\}|\{%.*?%\}"
    return re.findall(rf"<{name}\b(?:{jinja}|[^>])*>", template.read_text())


def test_a_link_to_airflow_leaves_the_frame_and_no_other_does(template: Path) -> None:
    for tag in tags(template, "a"):
        [address] = re.findall(r'\shref="([^"]*)"', tag)
        assert ('target="_top"' in tag) is not address.startswith(OURS), tag
        # Airflow may be served below a path.
        assert address.startswith((*OURS, "{{ airflow }}/", "{{ airflow }}{{", "{{ login }}")), tag


def test_a_form_is_sent_to_a_page_of_ours(template: Path) -> None:
    for tag in tags(template, "form"):
        action = re.search(r'\saction="([^"]*)"', tag)
        assert action is None or action[1].startswith("{{ base }}"), tag


def test_a_moment_in_an_attribute_is_plain(template: Path) -> None:
    assert [tag for tag in tags(template, "[a-z][a-z0-9]*") if re.search(r"\|\s*time\b", tag)] == []


def test_an_id_can_be_copied(template: Path) -> None:
    shown = re.sub(r'"[^"<>]*\[:8\][^"<>]*"|<h2>.*</h2>', "", template.read_text())
    assert template.name == "parts.html.j2" or re.findall(r"\{\{[^{}]*\[:8\][^{}]*\}\}", shown) == []


def test_a_word_that_a_template_explains_is_in_the_glossary(template: Path) -> None:
    assert set(re.findall(r'parts\.word\("([^"]+)"', template.read_text())) <= set(WORDS)
