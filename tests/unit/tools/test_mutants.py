"""The mutation score counts correctly, and accepted survivors are recognised after unrelated edits."""

import pytest

from tools.mutants import ACCEPTED, Mutant, Score, describe, listing, parse_accepted, parse_results, score

RESULTS = """
    idh_tasks.a.b.x_f__mutmut_1: killed
    idh_tasks.a.b.x_f__mutmut_2: survived
    idh_tasks.a.b.x_f__mutmut_3: timeout
    idh_tasks.a.b.x_f__mutmut_4: no tests
    idh_tasks.a.bc.x_f__mutmut_1: survived
"""
DIFF = """# idh_tasks.a.b.x_f__mutmut_2: survived
--- idh_tasks/a/b.py
+++ idh_tasks/a/b.py
@@ -1,3 +1,3 @@
 def f(x):
     y = -x
-    return x < 1
+    return x <= 1
"""
CHANGE = "idh_tasks.a.b.f\n- return x < 1\n+ return x <= 1"


def test_failed_and_timed_out_runs_count_as_killed_and_nothing_else_does() -> None:
    assert score("idh_tasks.a.b", parse_results(RESULTS)) == Score("idh_tasks.a.b", killed=2, total=4)
    assert score("idh_tasks.a", parse_results(RESULTS)) == Score("idh_tasks.a", killed=2, total=5)


def test_a_place_without_mutants_scores_zero() -> None:
    assert score("idh_tasks.gone", parse_results(RESULTS)).share == 0


@pytest.mark.parametrize("number", [2, 17])
def test_a_mutant_is_described_by_its_change_and_not_by_its_number(number: int) -> None:
    assert describe(f"idh_tasks.a.b.x_f__mutmut_{number}", DIFF) == CHANGE


def test_a_method_is_described_with_its_class() -> None:
    assert describe("idh_tasks.a.b.xǁCǁ__init____mutmut_2", "-a\n+b") == "idh_tasks.a.b.C.__init__\n- a\n+ b"


def test_a_reason_applies_to_all_changes_below_it() -> None:
    text = f"# First\n# reason.\n{CHANGE}\n\nidh_tasks.g\n- a\n+ b\n\n# Second reason.\n\nidh_tasks.h\n- a\n+ b\n"
    assert parse_accepted(text) == {
        CHANGE: "First reason.",
        "idh_tasks.g\n- a\n+ b": "First reason.",
        "idh_tasks.h\n- a\n+ b": "Second reason.",
    }


def test_new_survivors_and_stale_entries_are_listed() -> None:
    lines = list(listing({"new", "known"}, {"known": "reason", "stale": "reason"}))
    assert "new" in lines[: lines.index("stale")]
    assert "known" not in lines


def test_every_accepted_survivor_has_a_reason() -> None:
    accepted = parse_accepted(ACCEPTED.read_text())
    assert accepted
    assert all(accepted.values())
    assert all(change.startswith("idh_tasks.") and "\n- " in change for change in accepted)


def test_names_and_statuses_are_parsed() -> None:
    assert parse_results(RESULTS)[0] == Mutant("idh_tasks.a.b.x_f__mutmut_1", "killed")
