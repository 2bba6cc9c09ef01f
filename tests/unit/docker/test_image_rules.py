"""The Dockerfiles keep every rule, the build context holds no secret, and every rule rejects a broken copy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from idh_tasks.settings import ROOT
from tests.unit.docker import image_rules
from tests.unit.docker.image_rules import IMAGE_RULES

DOCKERFILES = sorted((ROOT / "docker").glob("*.Dockerfile"))
IGNORE = (ROOT / ".dockerignore").read_text()
AIRFLOW = (ROOT / "docker" / "airflow.Dockerfile").read_text()
Rule = Callable[[str], list[str]]


def test_both_images_are_checked() -> None:
    assert [path.name for path in DOCKERFILES] == ["airflow.Dockerfile", "gpu-worker.Dockerfile"]


@pytest.mark.parametrize("rule", IMAGE_RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_the_dockerfile_keeps_the_rule(path: Path, rule: Rule) -> None:
    assert rule(path.read_text()) == []


def replaced(old: str, new: str) -> str:
    assert old in AIRFLOW
    return AIRFLOW.replace(old, new)


BASE = image_rules.arguments(AIRFLOW, "FROM")[0]
BROKEN: list[tuple[Rule, str]] = [
    (image_rules.bases_are_pinned_by_version_and_digest, replaced(BASE, "python:3.11.9-slim-bookworm")),
    (image_rules.bases_are_pinned_by_version_and_digest, replaced(BASE, f"python:3@{BASE.partition('@')[2]}")),
    (image_rules.the_container_starts_as_the_service_user, replaced("USER 50000\n", "")),
    (image_rules.the_container_starts_as_the_service_user, AIRFLOW + "USER root\n"),
    (image_rules.root_owns_the_code, replaced("COPY . .", "COPY --chown=50000 . .")),
    (image_rules.root_owns_the_code, replaced("airflow:airflow /opt/airflow", "airflow:airflow /opt/idh /opt/airflow")),
    (image_rules.root_owns_the_code, replaced("WORKDIR /opt/idh", "USER 50000\nWORKDIR /opt/idh")),
    (image_rules.no_secret_is_built_in, AIRFLOW + "ENV AIRFLOW__CORE__FERNET_KEY=abc\n"),
    (image_rules.no_secret_is_built_in, AIRFLOW + "ARG DATABASE_PASSWORD\n"),
    (
        image_rules.the_entrypoint_reads_the_secrets,
        replaced('ENTRYPOINT ["sh", "/opt/idh/docker/entrypoint.sh"]\n', ""),
    ),
    (image_rules.nothing_comes_from_elsewhere, AIRFLOW + "RUN curl -sSf https://example.org/install.sh | sh\n"),
    (image_rules.nothing_comes_from_elsewhere, AIRFLOW + "RUN pip install requests\n"),
    (image_rules.nothing_comes_from_elsewhere, AIRFLOW + "ADD https://example.org/x.tar.gz /\n"),
]


@pytest.mark.parametrize(("rule", "text"), BROKEN, ids=[f"{rule.__name__}-{n}" for n, (rule, _) in enumerate(BROKEN)])
def test_a_broken_copy_is_rejected(rule: Rule, text: str) -> None:
    assert rule(text) != []


def test_every_rule_has_a_broken_copy() -> None:
    assert {rule for rule, _ in BROKEN} == set(IMAGE_RULES)


def test_the_build_context_holds_code_and_no_secret() -> None:
    assert image_rules.the_context_holds_code_only(IGNORE) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        IGNORE.replace("*\n", "", 1),
        IGNORE + "!docker/\n",
        IGNORE + "!.idh/\n",
        IGNORE.replace("**/*.key\n", ""),
        IGNORE.replace("!sql/\n", ""),
    ],
)
def test_a_context_with_a_secret_or_without_code_is_rejected(text: str) -> None:
    assert text != IGNORE
    assert image_rules.the_context_holds_code_only(text) != []
