"""What is held can be tried again by code, and what was tried again stays to be found."""

import re

import pytest
from idh_airflow.ui.rendering import ENVIRONMENT

from idh_tasks.codes import Code
from idh_tasks.db import patches, quarantine
from idh_tasks.db.quarantine import QuarantineEntry
from idh_tasks.domain.sequence import MrSequence
from idh_tasks.pipelines.operate.readmission import readmit, readmit_code
from idh_tasks.pipelines.pages.held import held, tried_again
from idh_tasks.pipelines.platform import Platform
from tests.database import run_sql
from tests.integration.test_link import SURGERY, add_study
from tests.seed import patch


def hold(platform: Platform, subject: str, code: Code, item: str | None = None) -> None:
    """Hold something that came with a delivery, if it is known with which."""
    if item is not None:
        run_sql(
            platform,
            "INSERT INTO phi.inbox (item_id, source, locator, fingerprint, position, state, code) "
            "VALUES (:item, 'bucket', :item, 'f', '1', 'quarantined', :code) ON CONFLICT (item_id) DO NOTHING",
            item=item,
            code=code,
        )
    with platform.database.begin() as transaction:
        quarantine.record(transaction, [QuarantineEntry(subject, "delivery", code, "a reason", item_id=item)])


def set_outcome(platform: Platform, item: str, state: str, code: str | None = None) -> None:
    run_sql(
        platform, "UPDATE phi.inbox SET state = :state, code = :code WHERE item_id = :item",
        item=item, state=state, code=code,
    )  # fmt: skip


def test_an_item_keeps_its_old_code_after_it_was_tried_again(platform: Platform) -> None:
    hold(platform, "a", Code.E_DECODE, item="i")
    hold(platform, "a", Code.E_ISSUER, item="i")
    assert readmit(platform, ["a"], "mary") == 1
    [row] = tried_again(platform, 1).rows
    assert (row.actor, row.subject, row.codes) == ("mary", "a", [Code.E_DECODE, Code.E_ISSUER])
    assert (row.state, row.held_again) == ("found", [])
    assert held(platform, "", "", 1).listing.rows == []


def page(platform: Platform, code: str = "") -> str:
    """Return the page as it is rendered."""
    shown = ENVIRONMENT.get_template("held.html.j2").render(
        base="/idh", query="", held=held(platform, code, "", 1), code=code, study=""
    )
    return " ".join(re.sub(r"<[^>]*>", " ", shown).split())


def test_what_was_released_stays_on_the_page_with_who_and_when_until_a_run_has_taken_it(platform: Platform) -> None:
    hold(platform, "a", Code.E_DECODE, item="i")
    hold(platform, "b", Code.E_ISSUER, item="j")
    assert "Will be tried at the next run" not in page(platform)
    readmit(platform, ["a", "b"], "mary")
    hold(platform, "b", Code.E_ISSUER, item="j")
    set_outcome(platform, "j", "quarantined", "E_ISSUER")
    readmit(platform, ["b"], "john")
    released = {row.subject: (row.code, row.released_by) for row in held(platform, "", "", 1).released}
    assert released == {"a": (Code.E_DECODE, "mary"), "b": (Code.E_ISSUER, "john")}
    [(when,)] = run_sql(platform, "SELECT readmitted_at FROM idh.quarantine WHERE subject = 'a'")
    shown = page(platform)
    assert f"a reason – mary {when:%Y-%m-%d %H:%M}" in shown
    assert "Nothing is held any more" in shown
    assert [row.subject for row in held(platform, "E_ISSUER", "", 1).released] == ["b"]


@pytest.mark.parametrize("state", ["ingested", "unchanged", "vanished", "quarantined"])
def test_what_a_run_has_taken_or_held_again_waits_no_more(platform: Platform, state: str) -> None:
    hold(platform, "a", Code.E_DECODE, item="i")
    readmit(platform, ["a"], "mary")
    set_outcome(platform, "i", "failed")
    assert [row.subject for row in held(platform, "", "", 1).released] == ["a"], "it has no outcome: it is tried again"
    set_outcome(platform, "i", state)
    assert held(platform, "", "", 1).released == []
    assert "Will be tried at the next run" not in page(platform)


@pytest.mark.parametrize("state", ["ingested", "unchanged", "vanished"])
def test_it_is_shown_what_became_of_what_was_tried_again(platform: Platform, state: str) -> None:
    hold(platform, "a", Code.E_DECODE, item="i")
    readmit(platform, ["a"], "mary")
    set_outcome(platform, "i", state)
    assert [(row.state, row.codes) for row in tried_again(platform, 1).rows] == [(state, [Code.E_DECODE])]


def test_what_is_held_again_with_the_same_code_shows_both_attempts(platform: Platform) -> None:
    hold(platform, "a", Code.E_DECODE, item="i")
    for operator in ("mary", "john"):
        readmit(platform, ["a"], operator)
        hold(platform, "a", Code.E_DECODE, item="i")
    rows = tried_again(platform, 1).rows
    assert [(row.actor, row.codes, row.held_again) for row in rows] == [
        ("john", [Code.E_DECODE], [Code.E_DECODE]),
        ("mary", [Code.E_DECODE], [Code.E_DECODE]),
    ]


def test_what_was_tried_again_before_the_codes_were_recorded_has_the_codes_of_its_entries(platform: Platform) -> None:
    hold(platform, "a", Code.E_DECODE, item="i")
    run_sql(platform, "UPDATE idh.quarantine SET readmitted_at = now()")
    run_sql(platform, "INSERT INTO idh.audit_event (actor, action, subject) VALUES ('mary', 'readmitted', 'a')")
    assert [row.codes for row in tried_again(platform, 1).rows] == [[Code.E_DECODE]]


def test_what_was_erased_is_still_listed_by_its_event(platform: Platform) -> None:
    hold(platform, "a", Code.E_DECODE, item="i")
    readmit(platform, ["a"], "mary")
    run_sql(platform, "DELETE FROM idh.quarantine")
    run_sql(platform, "DELETE FROM phi.inbox")
    assert [(row.codes, row.state) for row in tried_again(platform, 1).rows] == [([Code.E_DECODE], None)]


def test_everything_with_a_code_is_tried_again_as_announced(platform: Platform) -> None:
    for number in range(3):
        hold(platform, f"a{number}", Code.E_DECODE, item=f"i{number}")
    hold(platform, "file", Code.E_DECODE)
    hold(platform, "other", Code.E_ISSUER, item="j")
    shown = held(platform, "E_DECODE", "", 1)
    assert shown.returning == 3
    assert [(count.items, count.returning) for count in shown.counts if count.code is Code.E_DECODE] == [(4, 3)]
    assert readmit_code(platform, Code.E_DECODE, "mary") == shown.returning
    left = held(platform, "", "", 1)
    assert left.codes() == {Code.E_DECODE: 1, Code.E_ISSUER: 1}
    assert readmit_code(platform, Code.E_DECODE, "mary") == 0


@pytest.mark.parametrize("code", ["E_ISSUER", "E_NOTHING", "<b>", "%"])
def test_a_code_with_which_nothing_is_held_chooses_nothing(platform: Platform, code: str) -> None:
    hold(platform, "a", Code.E_DECODE, item="i")
    shown = held(platform, code, "", 1)
    assert (shown.listing.rows, shown.returning, list(shown.codes())) == ([], 0, [Code.E_DECODE])


def test_the_gaps_of_a_study_are_those_of_its_present_patches(platform: Platform) -> None:
    study_id = add_study(platform, "s", SURGERY)
    with platform.database.begin() as transaction:
        quarantine.record(transaction, [QuarantineEntry("a", "series", Code.E_DECODE, "a reason")], study_id)
        cut = patch(platform, study_id, 1, MrSequence.T1, mutant=False)
        patches.save(transaction, [cut])
    run_sql(
        platform,
        "INSERT INTO idh.patch (patch_id, study_id, revision, sequence, settings_hash, code, reason) "
        "SELECT p.patch_id || v, p.study_id, 1, 'ADC', v, 'E_COVERAGE', 'a reason' "
        "FROM idh.patch AS p, unnest(ARRAY[p.settings_hash, 'earlier']) AS v",
    )
    [item] = held(platform, "", study_id, 1).listing.rows
    assert item.gaps == [MrSequence.ADC]
    run_sql(platform, "UPDATE idh.patch SET settings_hash = 'older' WHERE settings_hash <> 'earlier'")
    assert held(platform, "", study_id, 1).listing.rows[0].gaps == []
