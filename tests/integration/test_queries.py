"""Every query fits the migrated schema, and only the module of its family runs it."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from idh_tasks.pipelines.platform import Platform
from idh_tasks.settings import ROOT
from tools.queries_page import QUERIES, parameters_of, queries_page, query_names

DB = ROOT / "idh_tasks" / "db"
PAGES = ROOT / "idh_tasks" / "pipelines" / "pages"
"""What a page shows is read by the page itself: nothing else needs these rows."""
SETS = {"run_set", "all_of_set", "column_of_set"}
"""Those that pass a set of rows as `rows`."""
RUNNERS = {"rows", "one", "run", "run_many", "all", "first", "column"} | SETS
"""The methods of a transaction that run a query by its name."""


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls that run a query, with its name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNNERS:
            names = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            yield from ((name, node) for name in names if "/" in name)


def test_every_query_is_prepared_against_the_schema_and_documented(platform: Platform) -> None:
    assert (ROOT / "docs" / "queries.md").read_text() == queries_page(platform), "run `make docs`"


def test_queries_are_run_by_the_module_of_their_family_only() -> None:
    runners: dict[str, set[str]] = defaultdict(set)
    for path in [*(ROOT / "idh_tasks").rglob("*.py"), *(ROOT / "plugins").rglob("*.py"), *(ROOT / "dags").glob("*.py")]:
        for name, _ in calls(path):
            runners[name].add(str(path.relative_to(ROOT)))
    assert set(runners) == set(query_names())
    pages = {name for name in runners if name.startswith("pages/")}
    assert {name: len(runners[name]) for name in pages} == dict.fromkeys(pages, 1)
    assert {(ROOT / path).parent for name in pages for path in runners[name]} == {PAGES}
    others = set(runners) - pages
    assert {n: runners[n] for n in others} == {n: {f"idh_tasks/db/{n.partition('/')[0]}.py"} for n in others}


def test_every_family_has_a_module() -> None:
    families = {folder.name for folder in QUERIES.iterdir()}
    assert families <= {path.stem for path in DB.glob("*.py")} | {PAGES.name}


@pytest.mark.parametrize("path", sorted([*DB.glob("*.py"), *PAGES.glob("*.py")]), ids=lambda path: path.stem)
def test_a_call_names_exactly_the_parameters_of_its_query(path: Path) -> None:
    for name, call in calls(path):
        given, runner = {keyword.arg for keyword in call.keywords}, cast("ast.Attribute", call.func).attr
        if None in given or runner == "run_many":
            continue  # values that are known at run time only
        assert given | ({"rows"} if runner in SETS else set()) == parameters_of(name), name
