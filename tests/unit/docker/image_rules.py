"""Rules for Dockerfiles and `.dockerignore`: each returns the violations."""

import re
from collections.abc import Callable
from fnmatch import fnmatchcase

from tests.unit.docker.rules import PINNED

SECRET_PATHS = (
    ".git/config",
    ".idh/secrets.json",
    ".env",
    "docker/secrets/fernet_key",
    "docker/secrets/conn_idh_pseudonym_key",
    "docker/.env",
    "idh_tasks/.env.local",
    "idh_tasks/local/node.key",
    "plugins/certificate.pem",
    "anything/new.txt",
    "new.txt",
    "tests/conftest.py",
    ".venv/bin/python",
)
NEEDED_PATHS = (
    "dags/ingest_studies.py",
    "docker/bootstrap.lock",
    "docker/entrypoint.sh",
    "docker/pools.json",
    "docker/requirements-gpu.lock",
    "idh_tasks/store/objects.py",
    "plugins/idh_airflow/connections.py",
    "sql/queries/feed/insert_feed_night.sql",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "requirements.lock",
)


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile with their arguments, continued lines joined."""
    joined = re.sub(r"\\\n\s*(#[^\n]*\n\s*)*", " ", dockerfile)
    lines = (line.strip() for line in joined.splitlines())
    parts = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    return [(name.upper(), rest.strip()) for name, _, rest in parts]


def arguments(dockerfile: str, instruction: str) -> list[str]:
    """Return the arguments of every instruction of one kind."""
    return [rest for name, rest in instructions(dockerfile) if name == instruction]


def bases_are_pinned_by_version_and_digest(dockerfile: str) -> list[str]:
    return [base for base in arguments(dockerfile, "FROM") if not PINNED.fullmatch(base.partition(" ")[0])]


def the_container_starts_as_the_service_user(dockerfile: str) -> list[str]:
    users = arguments(dockerfile, "USER")
    return [] if users[-1:] == ["50000"] else [f"user {users[-1:]}"]


def root_owns_the_code(dockerfile: str) -> list[str]:
    """Find steps that make code writable: a COPY with an owner, a chown of the code, or a step after USER."""
    steps = instructions(dockerfile)
    user = next((n for n, (name, _) in enumerate(steps) if name == "USER"), len(steps))
    late = [rest for name, rest in steps[user:] if name in ("COPY", "ADD", "RUN")]
    owned = [rest for name, rest in steps if name in ("COPY", "ADD") and "--chown" in rest]
    return late + owned + [rest for rest in arguments(dockerfile, "RUN") if re.search(r"chown[^&]*/opt/idh", rest)]


def no_secret_is_built_in(dockerfile: str) -> list[str]:
    words = re.compile(r"(PASSWORD|SECRET|TOKEN|FERNET|_KEY)", re.IGNORECASE)
    return [rest for name, rest in instructions(dockerfile) if name in ("ENV", "ARG") and words.search(rest)]


def the_entrypoint_reads_the_secrets(dockerfile: str) -> list[str]:
    wanted = '["sh", "/opt/idh/docker/entrypoint.sh"]'
    return [] if arguments(dockerfile, "ENTRYPOINT") == [wanted] else ["entrypoint"]


def nothing_comes_from_elsewhere(dockerfile: str) -> list[str]:
    """Find downloads without a lock: only the package manager may download, with hashes."""
    fetched = [rest for rest in arguments(dockerfile, "RUN") if re.search(r"\b(curl|wget|git clone)\b", rest)]
    installs = [
        step for rest in arguments(dockerfile, "RUN") for step in re.findall(r"pip (?:install|sync)[^&]*", rest)
    ]
    unlocked = [step for step in installs if "--require-hashes" not in step and "-e ." not in step]
    return fetched + unlocked + arguments(dockerfile, "ADD")


IMAGE_RULES: tuple[Callable[[str], list[str]], ...] = (
    bases_are_pinned_by_version_and_digest,
    the_container_starts_as_the_service_user,
    root_owns_the_code,
    no_secret_is_built_in,
    the_entrypoint_reads_the_secrets,
    nothing_comes_from_elsewhere,
)


def in_the_context(dockerignore: str, path: str) -> bool:
    """Return whether a file reaches the build, as Docker does: the last match of it or of a folder of it decides."""
    included = True
    for line in dockerignore.splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#") and _matches(pattern.removeprefix("!").strip("/"), path):
            included = pattern.startswith("!")
    return included


def _matches(pattern: str, path: str) -> bool:
    parts = path.split("/")
    prefixes = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    if pattern.startswith("**/"):
        return any(fnmatchcase(part, pattern.removeprefix("**/")) for part in parts)
    return any(prefix.count("/") == pattern.count("/") and fnmatchcase(prefix, pattern) for prefix in prefixes)


def the_context_holds_code_only(dockerignore: str) -> list[str]:
    leaked = [path for path in SECRET_PATHS if in_the_context(dockerignore, path)]
    return leaked + [path for path in NEEDED_PATHS if not in_the_context(dockerignore, path)]
