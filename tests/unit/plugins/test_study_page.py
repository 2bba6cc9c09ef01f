"""The page of a study in a real browser: slices, units, the enlarged image and explanations."""

from io import BytesIO

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from idh_airflow.task_links import task_address
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from idh_tasks.domain.slices import slice_place
from tests.browser import INTRANET, rendered, show, show_in_airflow
from tests.study_page import LAYOUT, SHOWN, TASK, a_study, judged

GRAVE = {"serious", "critical"}


@pytest.fixture(scope="module")
def html() -> str:
    """Return the page of a study with everything."""
    return rendered("study.html.j2", study=a_study(), judged=judged(), task_address=task_address)


@pytest.fixture
def study(page: Page, html: str) -> Page:
    """Return the page of a study, shown."""
    show(page, html)
    return page


@pytest.fixture
def enlarged(study: Page) -> Locator:
    """Return the dialog with the enlarged ADC."""
    study.get_by_role("button", name="Enlarge ADC").press("Enter")
    return study.get_by_role("dialog", name="ADC")


def test_the_slice_has_the_same_number_in_viewer_timeline_and_patches(study: Page) -> None:
    assert SHOWN == "slice 87 of 176, z = -6 mm"
    expect(study.locator("#position")).to_have_text(SHOWN)
    assert study.locator(".timeline").get_by_text(SHOWN).count() == 5
    assert study.get_by_text(f"{SHOWN.capitalize()}: black to white").is_visible()


def test_every_slice_is_called_in_the_browser_as_in_python(study: Page) -> None:
    slider = study.get_by_role("slider")
    for number in range(LAYOUT.slices):
        slider.fill(str(number))
        expect(study.locator("#position")).to_have_text(LAYOUT.place(number))


@pytest.mark.parametrize(
    ("z_mm", "written"), [(0.5, "+1"), (-0.5, "+0"), (-0.4, "+0"), (-12.5, "-12"), (11.9996, "+12")]
)
def test_half_a_millimetre_goes_up(z_mm: float, written: str) -> None:
    assert slice_place(0, 9, z_mm) == f"slice 1 of 9, z = {written} mm"


def test_images_whose_values_have_a_unit_say_what_is_black_and_white(study: Page) -> None:
    words = [text.split() for text in study.locator(".window").all_inner_texts()]
    assert words == [
        ["0.08", "4.51", "×", "normal-appearing", "white", "matter"],
        ["312", "2988", "10⁻⁶", "mm²/s"],
    ]


BOXES = """(view) => {
    const box = ({ left, top, right, bottom }) => [left, top, right, bottom];
    const [frame, slice] = [view.getBoundingClientRect(), view.querySelector(".slice").getScreenCTM()];
    const height = Number(view.closest("[data-height]").dataset.height);
    return { frame: box(frame), top: slice.f, bottom: slice.f + slice.d * height,
             marks: [...view.querySelectorAll(".marks > *")].map((mark) => box(mark.getBoundingClientRect())) };
}"""


@pytest.mark.parametrize("width", [1500, 400])
def test_letters_and_scale_are_inside_the_frame_and_beside_the_slice(page: Page, html: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    show(page, html)
    for view in page.locator(".view svg").all():
        found = view.evaluate(BOXES)
        left, top, right, bottom = found["frame"]
        assert len(found["marks"]) == 5
        for x0, y0, x1, y1 in found["marks"]:
            assert left < x0 <= x1 < right
            assert top <= y0 <= y1 <= bottom
            assert y1 <= found["top"] + 1 or y0 >= found["bottom"]


def test_the_ground_of_the_letters_and_of_the_scale_is_black_on_every_slice(study: Page) -> None:
    view = study.locator(".view svg").first
    for number in (0, 5):
        study.get_by_role("slider").fill(str(number))
        pixels = np.asarray(Image.open(BytesIO(view.screenshot())).convert("L"))
        beside_letters = pixels[:, pixels.shape[1] // 4]
        scale = len(pixels) / (12 + LAYOUT.rows + 10)
        start, end = round(12 * scale), round((12 + LAYOUT.rows) * scale)
        assert beside_letters[: start - 1].max() == 0
        assert beside_letters[end + 2 : -2].max() == 0
    assert beside_letters[start + 2 : end - 2].min() > 100, "the last slice of the picture is bright"


def test_an_enlarged_image_scrolls_and_closes_by_keyboard_and_the_focus_returns(study: Page, enlarged: Locator) -> None:
    study.keyboard.press("ArrowUp")
    expect(enlarged.locator("output")).to_have_text(LAYOUT.place(LAYOUT.shown + 1))
    study.keyboard.press("Home")
    expect(enlarged.locator("output")).to_have_text(SHOWN)
    study.keyboard.press("Escape")
    expect(enlarged).to_be_hidden()
    expect(study.locator(".view svg")).to_have_count(6)
    expect(study.locator(".view")).to_have_count(6)
    expect(study.locator(":focus")).to_have_text("ADC")


def test_the_focus_stays_in_the_enlarged_image(study: Page, enlarged: Locator) -> None:
    for _ in range(4):
        study.keyboard.press("Tab")
        assert study.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    expect(enlarged).to_be_visible()


@pytest.mark.parametrize("where", ["close", "outside"])
def test_an_enlarged_image_closes_by_click(study: Page, enlarged: Locator, where: str) -> None:
    if where == "close":
        enlarged.get_by_role("button", name="Close").click()
    else:
        study.mouse.click(3, 3)
    expect(enlarged).to_be_hidden()
    expect(study.locator(".view svg")).to_have_count(6)


@pytest.mark.parametrize("by", ["keyboard", "touch"])
def test_a_word_is_explained_by_keyboard_and_touch(browser: Browser, html: str, by: str) -> None:
    with browser.new_context(has_touch=True) as context:
        page = context.new_page()
        show(page, html)
        word = page.get_by_role("button", name="low confidence")
        word.press("Enter") if by == "keyboard" else word.tap()
        expect(page.locator(".means")).to_contain_text("so the series is not used")
        page.keyboard.press("Escape")
        expect(page.locator(".means")).to_be_hidden()


def test_a_task_opens_in_airflow_and_not_in_the_frame(page: Page, html: str) -> None:
    frame = show_in_airflow(page, html)
    link = frame.get_by_role("link", name="preprocess_batch").first
    link.press("Enter")
    page.wait_for_url(INTRANET + task_address(TASK))
    assert len(page.frames) == 1


def test_a_task_opens_in_a_tab_of_its_own_when_the_reader_asks_for_one(page: Page, html: str) -> None:
    frame = show_in_airflow(page, html)
    page.context.route(f"{INTRANET}/dags/**", lambda route: route.fulfill(body="a task"))
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="preprocess_batch").first.click(modifiers=["Control"])
    assert opened.value.url == INTRANET + task_address(TASK)
    assert page.url.endswith("/plugin/idh")


@pytest.mark.parametrize("width", [1500, 800, 400])
def test_nothing_is_wider_than_the_page_and_no_time_or_button_is_cut(page: Page, html: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    show(page, html)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for kind in ("time", "button:visible"):
        for box in (one.bounding_box() for one in page.locator(kind).all()):
            assert box is None or box["height"] < (30 if kind == "time" else 200)
    cut = "[...document.querySelectorAll('button')].filter((one) => one.scrollWidth > one.clientWidth + 1).length"
    assert page.evaluate(cut) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_also_in_the_enlarged_image(browser: Browser, html: str, scheme: str) -> None:
    with browser.new_context(color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        show(page, html)
        for enlarge in (False, True):
            if enlarge:
                page.get_by_role("button", name="Enlarge ADC").click()
            found = Axe().run(page).response["violations"]
            grave = [
                (rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found if rule["impact"] in GRAVE
            ]
            assert grave == []


def test_ids_and_names_of_landmarks_are_unique(study: Page) -> None:
    ids = study.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    found = Axe().run(study, options={"runOnly": ["landmark-unique", "duplicate-id-aria", "region"]}).response
    assert found["violations"] == []
