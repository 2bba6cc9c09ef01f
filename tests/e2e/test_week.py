"""Days of a hospital on the pages, in a real browser: what people do after a night, without a terminal."""

import pytest
from idh_airflow.approval import PromotionApproval
from idh_airflow.ui.rights import Right
from playwright.sync_api import Browser, Page, expect

from idh_tasks.local import airflow, up
from idh_tasks.local.client import AirflowClient
from idh_tasks.local.process import Service, wait_until
from tests.access import ROUTES, address
from tests.database import run_sql
from tests.e2e.night import PLAN, Night
from tests.e2e.people import LOADED_MS, logged_in

TESTED_MS = 240_000
ASKED = {
    "IDH_APPROVAL": "person",
    "IDH_LEARNING__EPOCHS": "1",
    "IDH_LEARNING__FOLDS": "3",
    "IDH_LEARNING__REPETITIONS": "1",
    # After an epoch on twelve patients, a network is as good as chance: the gate must let it through to the question.
    "IDH_LEARNING__PROMOTION_FLOOR": "0",
    "IDH_LEARNING__BASELINE_MARGIN": "1",
    "IDH_LEARNING__PROMOTION_MARGIN": "1",
    "IDH_LEARNING__CALIBRATION_MARGIN": "1",
}
CHAMPIONS = "SELECT sequence, model_id FROM idh.model WHERE state = 'champion'"
CHANGES = [path for (method, path), expected in ROUTES.items() if method == "POST" and expected.right is not Right.VIEW]
CALLED = "path => fetch(path, {method: 'POST'}).then(answer => answer.status)"


def test_monday_a_viewer_sees_what_the_night_did_and_follows_it_to_a_study(browser: Browser, night: Night) -> None:
    with logged_in(browser, night, "viewer") as page:
        page.goto("/plugin/idh-tonight")
        framed = page.frame_locator("iframe")
        expect(framed.get_by_role("heading", name="Tonight", exact=True)).to_be_visible(timeout=LOADED_MS)
        page.goto("/idh/")
        expect(page.locator(".stages li")).to_have_count(5)
        expect(page.locator(".stages")).to_contain_text(f"{PLAN.patients} new studies in 24 h")
        page.get_by_role("link", name="studies came").click()
        expect(page.locator("tbody tr")).to_have_count(PLAN.patients)
        page.locator("tbody th a").first.click()
        expect(page.locator(".timeline")).to_contain_text("Delivery")
        expect(page.locator("img").first).to_be_visible()


def test_tuesday_a_red_source_is_tested_and_mended(browser: Browser, night: Night) -> None:
    with logged_in(browser, night, "operator") as page:
        Service(night.installation, "orthanc").stop()
        page.goto("/idh/sources/")
        row = page.locator("tr", has=page.get_by_text("idh_pacs", exact=True))
        row.get_by_role("button").click()
        expect(row.locator(".outcome")).to_have_text("failed", timeout=TESTED_MS)
        expect(row).to_contain_text("E_PACS")
        up.up(night.installation, print)
        expect(row.get_by_role("button")).to_be_visible(timeout=TESTED_MS)
        row.get_by_role("button").click()
        expect(row.locator(".outcome")).to_have_text("ok", timeout=TESTED_MS)


def test_wednesday_a_held_file_is_tried_again(browser: Browser, night: Night) -> None:
    prefix = night.platform.settings.store.drop_prefix
    up.hospital(night.installation).put(f"{prefix}{'0' * 16}.zip", b"this is no archive")
    AirflowClient(night.installation).trigger("ingest_studies")
    held = "SELECT subject FROM idh.quarantine WHERE readmitted_at IS NULL AND item_id IS NOT NULL AND code LIKE 'E%'"
    assert wait_until(lambda: run_sql(night.platform, held) != [], 240, pause_s=1)
    with logged_in(browser, night, "operator") as page:
        page.goto("/idh/held/")
        page.get_by_role("checkbox", name="Choose all on this page").check()
        page.get_by_role("button", name="Try the chosen again").click()
        expect(page.get_by_role("heading", name="Held", exact=True)).to_be_visible()
        page.goto("/idh/audit/?action=readmitted")
        expect(page.locator("tbody tr").first).to_contain_text("operator")
    assert run_sql(night.platform, held) == []


def champions(night: Night) -> dict[str, str]:
    """Return the champion of each sequence."""
    return {str(sequence): str(model) for sequence, model in run_sql(night.platform, CHAMPIONS)}


def asked(night: Night, patched: pytest.MonkeyPatch) -> None:
    """Start Airflow again so that a person is asked, train networks, and wait for the question."""
    installation, client = night.installation, AirflowClient(night.installation)
    for name, value in ASKED.items():
        patched.setenv(name, value)
    airflow.stop(installation)
    up.up(installation, print)

    def is_read() -> bool:
        # Until the DAG processor has read the DAG again, its step approves by itself.
        step = client.get("/dags/retrain_models/tasks/approve")
        return bool(step["operator_name"] == PromotionApproval.__name__)

    assert wait_until(is_read, 300, pause_s=1)
    client.trigger("retrain_models")
    waiting = {"task_id": "approve", "state": "awaiting_input"}
    steps = "/dags/retrain_models/dagRuns/~/taskInstances"
    assert wait_until(lambda: client.get(steps, **waiting)["total_entries"] == 1, 1800, pause_s=1)


def test_thursday_networks_are_approved_one_by_one_and_one_is_withdrawn(
    browser: Browser, night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, client = champions(night), AirflowClient(night.installation)
    asked(night, monkeypatch)
    with logged_in(browser, night, "owner") as page:
        page.goto("/idh/models/")
        offered = [str(box.get_attribute("value")) for box in page.locator("input[name=sequence][type=checkbox]").all()]
        chosen = next(sequence for sequence in offered if sequence in before)
        page.get_by_label(f"Make it the champion of {chosen}").check()
        page.get_by_label("Comment").fill("sharper at the edge")
        page.get_by_role("button", name="Promote the chosen").click()
        assert wait_until(lambda: champions(night)[chosen] != before[chosen], 240, pause_s=1)
        assert {name for name, model in champions(night).items() if before.get(name) != model} == {chosen}
        assert wait_until(client.idle, 600, pause_s=1)
        predicted = len(client.runs("predict_studies"))
        page.goto("/idh/models/")
        expect(page.locator("main")).to_contain_text("sharper at the edge")
        sequence = page.locator("tbody", has=page.get_by_role("rowheader", name=chosen, exact=True))
        sequence.get_by_role("link", name="Withdraw …").click()
        page.get_by_label("Reason").first.fill("misses mutants")
        page.get_by_role("button", name=f"Withdraw {chosen}").click()
        expect(page.get_by_role("status").first).to_contain_text(f"champion of {chosen} again")
    assert champions(night) == before
    assert wait_until(lambda: len(client.runs("predict_studies")) > predicted, 120, pause_s=1)
    assert wait_until(client.idle, 600, pause_s=1)


def test_friday_a_viewer_is_locked_out_of_what_changes_something(browser: Browser, night: Night) -> None:
    with logged_in(browser, night, "viewer") as page:
        page.goto("/idh/")
        menu = [str(link.get_attribute("href")) for link in page.locator("nav a").all()]
        assert "/idh/audit/" not in menu
        page.goto("/idh/studies/")
        study = str(page.locator("tbody th a").first.get_attribute("href"))
        seen = {path: offers(page, path) for path in (*menu, study)}
        refused = {path: page.evaluate(CALLED, address(path)) for path in CHANGES}
        page.goto("/idh/audit/")
        expect(page.locator("body")).to_contain_text("Your role does not include this.")
    assert seen == dict.fromkeys((*menu, study), 0)
    assert refused == dict.fromkeys(CHANGES, 403)


def offers(page: Page, path: str) -> int:
    """Return how many forms of a page change something; the one that finds a study changes nothing."""
    page.goto(path)
    return page.locator("form[method=post]:not([action$='/studies/find'])").count()
