"""The card on Airflow's dashboard is as high as what it shows, and its links open in the whole window."""

import pytest
from idh_airflow.ui.rendering import FOLDER
from idh_airflow.ui.security import HEADERS
from playwright.sync_api import Frame, Page, expect

from tests.browser import INTRANET, rendered, show
from tests.unit.plugins.test_night_pages import QUIET, RUNS

DASHBOARD = """<!doctype html><base href="/"><div id="card"></div><p id="below">Welcome</p><script>
globalThis.React = { createElement: (name, { style, onLoad, ...attributes }) => {
  const made = Object.assign(document.createElement(name), attributes);
  Object.assign(made.style, style);
  made.addEventListener("load", onLoad);
  return made;
} };
%s
document.querySelector("#card").append(globalThis["Last night"]());
</script>"""
"""Airflow provides React, of which the card needs one function."""


@pytest.fixture
def card(page: Page) -> Frame:
    """Return the frame of the card on a dashboard."""
    html = rendered("card.html.j2", morning=QUIET, runs=RUNS, settings=[])
    show(page, html)
    dashboard = DASHBOARD % (FOLDER / "static" / "dashboard.js").read_text()
    page.route(f"{INTRANET}/dashboard", lambda route: route.fulfill(body=dashboard, content_type="text/html"))
    headers = HEADERS | {"Content-Type": "text/html"}
    page.route(f"{INTRANET}/idh/card", lambda route: route.fulfill(body=html, headers=headers))
    page.goto(f"{INTRANET}/dashboard")
    frame = page.frame(url=f"{INTRANET}/idh/card")
    assert frame is not None
    frame.wait_for_load_state()
    return frame


@pytest.mark.parametrize("width", [1500, 800, 400])
def test_the_card_is_as_high_as_what_it_shows(page: Page, card: Frame, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    page.wait_for_timeout(200)
    frame = page.locator("iframe").bounding_box()
    last = card.locator(".tile").last.bounding_box()
    assert frame is not None
    assert last is not None
    gap = frame["y"] + frame["height"] - (last["y"] + last["height"])
    assert 0 <= gap < 40


def test_a_tile_opens_its_list_in_the_whole_window(page: Page, card: Frame) -> None:
    card.get_by_text("held").click()
    expect(page).to_have_url(f"{INTRANET}/idh/held/")
