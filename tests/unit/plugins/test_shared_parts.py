"""The parts that all pages share, in a real browser."""

import pytest
from idh_airflow.ui.rendering import ENVIRONMENT
from playwright.sync_api import Browser, Page, expect

from idh_tasks.domain.sequence import Provenance
from idh_tasks.pipelines.pages.figures import KINDS
from tests.browser import INTRANET, page_with, show, show_in_airflow

ID = "0123456789abcdef01234567"
IDS = '{{ parts.id("' + ID + '") }} <p><label>Pasted <input name="pasted"></label></p>'


def test_a_short_id_is_copied_whole_by_keyboard_without_a_secure_context(page: Page) -> None:
    show(page, page_with(IDS))
    assert page.evaluate("navigator.clipboard") is None
    assert page.locator(".id").inner_text().strip() == ID[:8]
    page.get_by_role("button", name=f"Copy id {ID[:8]}").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Copied")
    assert page.locator(".id").inner_text().strip() == ID[:8]
    page.locator("[name=pasted]").focus()
    page.keyboard.press("Control+V")
    assert page.locator("[name=pasted]").input_value() == ID


def test_an_id_that_cannot_be_copied_is_selected_whole(page: Page) -> None:
    page.add_init_script("document.execCommand = () => false")
    show(page, page_with(IDS))
    page.get_by_role("button", name=f"Copy id {ID[:8]}").click()
    expect(page.get_by_role("status")).to_contain_text("Selected")
    assert page.evaluate("getSelection().toString()") == ID


def test_an_id_is_copied_with_the_clipboard_of_a_secure_context(browser: Browser) -> None:
    origin = INTRANET.replace("http:", "https:")
    with browser.new_context(permissions=["clipboard-read", "clipboard-write"], ignore_https_errors=True) as context:
        page = context.new_page()
        show(page, page_with(IDS), origin)
        page.get_by_role("button", name=f"Copy id {ID[:8]}").click()
        page.get_by_text("Copied", exact=True).wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == ID


def test_an_id_is_copied_in_airflows_frame(page: Page) -> None:
    frame = show_in_airflow(page, page_with(IDS))
    frame.get_by_role("button", name=f"Copy id {ID[:8]}").click()
    frame.get_by_text("Copied", exact=True).wait_for()


def test_a_button_for_what_is_chosen_works_once_something_is(page: Page) -> None:
    rows = '<input type="checkbox" name="subject" aria-label="one"><button data-needs="subject">Try</button>'
    show(page, page_with(f"<form>{rows}</form>"))
    button = page.get_by_role("button", name="Try")
    expect(button).to_be_disabled()
    page.get_by_label("one").check()
    expect(button).to_be_enabled()
    page.get_by_label("one").uncheck()
    expect(button).to_be_disabled()


def test_a_name_breaks_after_an_underscore_only_and_an_interval_not_within_its_brackets() -> None:
    name = ENVIRONMENT.from_string("{{ 'IDH_A<b>' | breakable }}").render()
    assert name == "IDH_<wbr>A&lt;b&gt;"
    shown = page_with("{{ parts.interval(0.671, 0.44, 0.85) }}")
    assert '0.67 <span class="interval">[0.44, 0.85]</span>' in shown


def test_every_figure_of_a_patch_and_every_provenance_is_explained() -> None:
    words = ENVIRONMENT.get_template("glossary.html.j2").module.words  # type: ignore[attr-defined]
    assert {kind.label for kind in KINDS} | {one.value for one in Provenance} <= set(words)
    assert [name for name, means in words.items() if not means.endswith(".") or len(means) > 180] == []


WIDE = (
    "<section><form><table><thead><tr>"
    + "<th>Head</th>" * 30
    + "</tr></thead><tbody><tr>"
    + "<td>unbreakable</td>" * 29
    + "<td><button>Test all</button></td></tr></tbody></table></form></section>"
)


def test_a_wide_table_scrolls_in_a_box_that_the_keyboard_reaches_and_its_button_is_in_sight(page: Page) -> None:
    page.set_viewport_size({"width": 800, "height": 600})
    show(page, page_with(WIDE))
    assert page.evaluate("document.documentElement.scrollWidth") == 800
    box = page.locator(".box")
    assert box.get_attribute("tabindex") == "0"
    scrolled = box.evaluate_handle("(one) => ({ to: new Promise((done) => { one.onscroll = () => done(true); }) })")
    box.press("ArrowRight")
    assert scrolled.evaluate("(one) => one.to")
    button = page.get_by_role("button", name="Test all").bounding_box()
    assert button is not None
    assert button["x"] + button["width"] <= 800
    page.evaluate("for (const row of document.querySelectorAll('tr')) row.replaceChildren(row.firstChild)")
    expect(box).not_to_have_attribute("tabindex", "0")


@pytest.mark.parametrize("element", ["code", "small", "td"])
def test_what_has_only_a_title_is_explained_by_keyboard_too(page: Page, element: str) -> None:
    titled = f'<{element} title="since yesterday">a day</{element}>'
    show(page, page_with(titled if element != "td" else f"<table><tr>{titled}</tr></table>"))
    page.get_by_role("button", name="a day").press("Enter")
    expect(page.locator(".means")).to_have_text("since yesterday")
