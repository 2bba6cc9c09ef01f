"""What linking derives and keeps, and the same derived from everything: both must be equal at any time."""

from typing import Any

from tests.database import run_sql

DERIVED = {
    "links": "SELECT study_id, report_key, report_version, patient_key, days_before_surgery, chosen, code, idh_status "
    "FROM idh.case_link ORDER BY 1, 2",
    "persons": "SELECT * FROM idh.person ORDER BY 1",
    "questions": "SELECT kind, subject, evidence, person_key, detail, options, moot, answer FROM idh.review "
    "ORDER BY 1, 2, 3",
    "held": "SELECT subject, code FROM idh.quarantine ORDER BY 1, 2",
    "places": "SELECT * FROM idh.cohort_place ORDER BY 1",
}
"""What is derived for touched persons."""
KEPT = {
    "affected members": (
        "SELECT dataset_id, sequence, patient_key, code FROM idh.affected ORDER BY 1, 2, 3",
        "SELECT dataset_id, sequence, patient_key, code FROM idh.member_change WHERE code IS NOT NULL ORDER BY 1, 2, 3",
    ),
    "outcomes": (
        "SELECT outcome, studies FROM idh.outcome_count WHERE studies > 0 ORDER BY 1",
        "SELECT outcome, count(*) FROM (SELECT coalesce(max(l.idh_status) FILTER (WHERE l.chosen), min(l.code), "
        "'W_NO_PATHOLOGY') AS outcome FROM idh.study LEFT JOIN idh.case_link AS l USING (study_id) GROUP BY study_id) "
        "AS s GROUP BY outcome ORDER BY 1",
    ),
    "groups": (
        "SELECT stage, code, idh_status, sequences, patients, women, men, ages, age_sum, age_squares, youngest, oldest "
        "FROM idh.cohort_group ORDER BY 1, 2, 3, 4",
        "SELECT k.stage, k.code, k.idh_status, k.sequences, count(*), count(*) FILTER (WHERE o.sex = 'F'), "
        "count(*) FILTER (WHERE o.sex = 'M'), count(t.age_years), coalesce(sum(t.age_years), 0), "
        "coalesce(sum(t.age_years * t.age_years), 0), min(t.age_years)::float, max(t.age_years)::float "
        "FROM idh.cohort_place AS k LEFT JOIN idh.study AS t USING (study_id) "
        "LEFT JOIN idh.patient AS o ON o.patient_key = t.patient_key GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
    ),
}
"""What is kept by difference, and the count of everything."""
NOTED = "SELECT count(*) FROM idh.due_work WHERE stage IN ('link', 'place')"


def derived(database: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything that is derived for touched persons."""
    return {name: run_sql(database, statement) for name, statement in DERIVED.items()}


def assert_kept_is_counted(database: Any) -> None:
    """Assert that what is kept by difference equals a count of everything, and that nothing is due."""
    for name, (kept, counted) in KEPT.items():
        assert run_sql(database, kept) == run_sql(database, counted), name
    assert run_sql(database, NOTED) == [(0,)]


def forget(database: Any) -> None:
    """Let the next run derive everything again."""
    run_sql(database, "DELETE FROM idh.derivation")
