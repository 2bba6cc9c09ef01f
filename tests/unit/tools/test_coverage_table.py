"""Coverage is added up by package, lines and branches apart."""

from typing import Any

from tools.coverage_table import by_package, table


def file(lines: int, of_lines: int, branches: int, of_branches: int) -> dict[str, Any]:
    summary = {"covered_lines": lines, "num_statements": of_lines, "percent_covered_display": "90"}
    return {"summary": summary | {"covered_branches": branches, "num_branches": of_branches}}


FILES = {
    "idh_tasks/errors.py": file(10, 10, 0, 0),
    "idh_tasks/intake/gate/values.py": file(8, 10, 3, 4),
    "idh_tasks/intake/naming/series.py": file(6, 6, 0, 1),
    "plugins/idh_airflow/triggers/stable_study.py": file(4, 4, 2, 2),
}


def test_each_package_has_a_line_with_the_shares_of_all_its_files() -> None:
    assert [line.split() for line in table(by_package(FILES))] == [
        ["package", "lines", "branches"],
        ["idh_tasks", "100.0%", "-"],
        ["idh_tasks/intake", "87.5%", "60.0%"],
        ["plugins/idh_airflow", "100.0%", "100.0%"],
    ]
