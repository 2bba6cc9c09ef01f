"""A variable that is unknown or not valid is named in one sentence, with what is accepted and without any secret."""

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from idh_tasks.codes import Code
from idh_tasks.configuration.in_force import in_force, without_login
from idh_tasks.configuration.listed import groups, known
from idh_tasks.configuration.problems import from_environment, problems, refuse_problems
from idh_tasks.errors import SettingsRefusedError
from idh_tasks.settings import ROOT, Settings

CONNECTED = {
    "IDH_DATABASE_URL": "postgresql://user:s3cret@host/idh",
    "IDH_PSEUDONYM_KEY": "s3cret" * 8,
    "IDH_STORE__ENDPOINT": "https://user:s3cret@store.example",
    "IDH_STORE__ACCESS_KEY": "s3cret-id",
    "IDH_STORE__SECRET_KEY": "s3cret",
}


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("IDH_LEARNING__EPOCH", "3", "IDH_LEARNING__EPOCH is not a setting; did you mean IDH_LEARNING__EPOCHS?"),
        ("IDH_LEARNING_EPOCHS", "3", "IDH_LEARNING_EPOCHS is not a setting; did you mean IDH_LEARNING__EPOCHS?"),
        ("IDH_EPOCHS", "3", "IDH_EPOCHS is not a setting; did you mean IDH_LEARNING__EPOCHS?"),
        ("IDH_CONN_IDH_STOER", "{}", "IDH_CONN_IDH_STOER is not a setting; did you mean IDH_CONN_IDH_STORE?"),
        ("IDH_WHATEVER", "3", "IDH_WHATEVER is not a setting; docs/settings.md lists them all."),
        ("IDH_LEARNING__EPOCHS", "lots", "IDH_LEARNING__EPOCHS is 'lots'; it must be a whole number of at least 1."),
        ("IDH_LEARNING__EPOCHS", "", "IDH_LEARNING__EPOCHS is empty; it must be a whole number of at least 1."),
        (
            "IDH_IMAGING__OVERLAP_FLOOR",
            "2",
            "IDH_IMAGING__OVERLAP_FLOOR is '2'; it must be a number of at least 0 and at most 1.",
        ),
        ("IDH_KEEP_ORIGINALS", "maybe", "IDH_KEEP_ORIGINALS is 'maybe'; it must be `true` or `false`."),
        (
            "IDH_LEARNING__SCHEME",
            "paper",
            "IDH_LEARNING__SCHEME is 'paper'; it must be one of `stratified`, `repeated`.",
        ),
        (
            "IDH_LEARNING__FILTERS",
            "8,16",
            "IDH_LEARNING__FILTERS is '8,16'; it must be a JSON list such as `[8, 16, 32, 64]`.",
        ),
        ("IDH_APPROVAL", "robot", "IDH_APPROVAL is 'robot'; it must be one of `person`, `auto`."),
        ("IDH_START", "soon", "IDH_START is 'soon'; it must be a time in the past such as `2026-01-01T00:00:00Z`."),
        (
            "IDH_START",
            "9999-01-01",
            "IDH_START is '9999-01-01'; it must be a time in the past such as `2026-01-01T00:00:00Z`: "
            "no DAG runs before it, and it is in the future.",
        ),
        ("IDH_LINK_CRON", "3 am", "IDH_LINK_CRON is '3 am'; it must be five fields of cron such as `0 1 * * *`."),
        (
            "IDH_LEARNING",
            '{"epochs": 0}',
            "IDH_LEARNING__EPOCHS is '0'; it must be a whole number of at least 1.",
        ),
        *(
            (
                "IDH_PATHOLOGY_MAPPING",
                path,
                f"IDH_PATHOLOGY_MAPPING is {shown}; it must be a file that this process can read.",
            )
            for path, shown in (
                ("", "empty"),
                ("/nowhere/map.toml", "'/nowhere/map.toml'"),
                ("/", "'/'"),
                ("\0", "'\0'"),
            )
        ),
        *(
            (
                "IDH_PACS__CALLED_AET",
                title,
                f"IDH_PACS__CALLED_AET is {shown}; it must be an AE title of at most 16 characters, "
                "without a backslash and not only blanks.",
            )
            for title, shown in (("", "empty"), ("   ", "'   '"), ("A\\B", "'A\\B'"), ("A" * 17, f"'{'A' * 17}'"))
        ),
        ("IDH_STORE__ACCESS_KEY", "", "IDH_STORE__ACCESS_KEY is empty; it must be a text that is not empty."),
        ("IDH_STORE__SECRET_KEY", "", "IDH_STORE__SECRET_KEY is not valid; it must be a secret that is not empty."),
        ("IDH_PACS", "s3cret", "IDH_PACS is not a JSON object; set its parts instead, such as IDH_PACS__HOST."),
    ],
)
def test_each_fault_is_one_sentence(variable: str, value: str, sentence: str) -> None:
    assert problems({variable: value, "PATH": "/bin", "AIRFLOW_HOME": "x"}) == [sentence]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("IDH_LEARNING__EPOCHS", "3"),
        ("idh_learning__epochs", "3"),
        ("IDH_LEARNING__MIN_MUTANTS", "5"),
        ("IDH_LEARNING", '{"epochs": 3, "filters": [8, 16]}'),
        ("IDH_IMAGING__TUMOUR_ML", "[0.5, 300]"),
        ("IDH_MLLP__PEERS", '["10.0.0.0/8"]'),
        ("IDH_INGEST_CRON", "*/5 1-3 * * MON"),
        ("IDH_RETRAIN_CRON", "@weekly"),
        ("IDH_START", "2026-03-01T01:00:00+01:00"),
        ("IDH_START", "2026-03-01"),
        ("IDH_PACS_CHANGES", "orthanc"),
        ("IDH_ISSUER", ""),
        ("IDH_CONN_IDH_DB_PAGES", "{}"),
        ("IDH_CONN_IDH_STORE__FROM", "/run/secrets/conn_idh_store_pages"),
        ("IDH_DATABASE_URL__FROM", "/run/secrets/url"),
        ("IDH_REAL_DATA", "/data"),
        ("IDH_PACS__CALLED_AET", "A SIXTEEN [AET]~"),
        ("IDH_PATHOLOGY_MAPPING", __file__),
    ],
)
def test_what_is_right_is_not_mentioned(variable: str, value: str) -> None:
    assert problems({variable: value}) == []


def test_the_defaults_of_all_settings_are_accepted() -> None:
    stated = {s.variable: s.default.strip("`") for group in groups() for s in group.settings}
    written = {name: value.replace("'", '"') for name, value in stated.items() if value not in ("unset", "required")}
    written["IDH_MLLP__PEERS"] = '["127.0.0.1/32"]'  # the page shows a list without quotes
    assert problems(written) == []


@given(st.text(alphabet="ABCDEFGHIJ_", min_size=1, max_size=20), st.text(max_size=60))
def test_any_text_gives_at_most_one_line_per_variable(name: str, value: str) -> None:
    found = problems({f"IDH_{name}": value})
    assert all("\n" not in line and line.startswith("IDH_") for line in found)
    assert len(found) <= 1


def test_a_refusal_names_every_variable_on_a_line_of_its_own() -> None:
    with pytest.raises(SettingsRefusedError) as caught:
        refuse_problems({"IDH_A": "1", "IDH_LEARNING__EPOCHS": "lots"})
    assert caught.value.code is Code.E_SETTINGS
    assert [line.split()[0] for line in caught.value.reason.splitlines()] == ["IDH_A", "IDH_LEARNING__EPOCHS"]


def test_what_is_missing_is_named_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDH_DATABASE_URL", CONNECTED["IDH_DATABASE_URL"])
    with pytest.raises(SettingsRefusedError) as caught:
        from_environment(Settings)
    assert caught.value.reason.splitlines() == [
        "IDH_STORE__ENDPOINT is not set, or not valid.",
        "IDH_STORE__ACCESS_KEY is not set, or not valid.",
        "IDH_STORE__SECRET_KEY is not set, or not valid.",
        "IDH_PSEUDONYM_KEY is not set, or not valid.",
    ]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("IDH_LEARNING__EPOCHS", "lots"),
        ("IDH_LEARNING__EPOCHS", "0"),
        ("IDH_IMAGING__REFERENCE", "none"),
        ("IDH_PATHOLOGY_MAPPING", "/nowhere/map.toml"),
    ],
)
def test_what_is_named_is_what_the_settings_would_refuse(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (CONNECTED | {variable: value}).items():
        monkeypatch.setenv(name, text)
    with pytest.raises(ValidationError):
        Settings()
    assert len(problems({variable: value})) == 1


def test_settings_in_force_show_what_was_set_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (CONNECTED | {"IDH_LEARNING__EPOCHS": "3"}).items():
        monkeypatch.setenv(name, text)
    shown = in_force(Settings(), {"IDH_APPROVAL": "auto"})
    assert shown["IDH_LEARNING__EPOCHS"] == "3"
    assert (shown["IDH_APPROVAL"], shown["IDH_INGEST_CRON"]) == ("auto", "0 1 * * *")
    assert (shown["IDH_STORE__SECRET_KEY"], shown["IDH_STORE__CUSTOMER_KEY"]) == ("set", "")
    assert shown["IDH_STORE__ENDPOINT"] == "https://store.example"
    assert not any("s3cret" in value for value in shown.values())
    assert set(shown) <= set(known())


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:pw@host:8443/fhir?key=1", "https://host:8443/fhir"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("bucket", "bucket"),
    ],
)
def test_an_address_is_shown_without_a_login(address: str, shown: str) -> None:
    assert without_login(address) == shown


def test_every_variable_that_the_code_or_a_test_reads_is_known() -> None:
    read = set(variables_read())
    assert {"IDH_APPROVAL", "IDH_HISTORIES"} <= read
    assert problems(dict.fromkeys(sorted(read - set(known())), "1")) == []


def variables_read() -> Iterator[str]:
    for path in (
        p for top in ("idh_tasks", "plugins", "dags", "tests", "tools", "bench") for p in (ROOT / top).rglob("*.py")
    ):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.getenv"):
                name = ast.literal_eval(node.args[0]) if isinstance(node.args[0], ast.Constant) else ""
                if name.startswith("IDH_"):
                    yield name


def test_the_command_line_names_a_bad_variable_and_ends_with_2() -> None:
    done = run_idh("status", IDH_LEARNING__EPOCHS="lots", IDH_LEARNING__EPOCH="3")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "E_SETTINGS: IDH_LEARNING__EPOCH is not a setting; did you mean IDH_LEARNING__EPOCHS?",
        "IDH_LEARNING__EPOCHS is 'lots'; it must be a whole number of at least 1.",
    ]


def run_idh(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    script = "import sys; from idh_tasks.cli.app import app; sys.argv[0] = 'idh'; app()"
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", **variables}
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=env)  # noqa: S603 - ours
