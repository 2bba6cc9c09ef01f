"""Rules for docker/compose.yaml: each returns the violations."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from idh_tasks.local.service_secrets import MATRIX

Compose = dict[str, Any]
PINNED = re.compile(r"[a-z0-9][\w./-]*:\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}")
MOUNTED = "/run/secrets/"
ROOT_ALLOWED = {"orthanc": "its volume belongs to root; it has no capabilities"}
NETWORKS = {
    "postgres": {"control", "data"},
    "redis": {"control"},
    "s3": {"data"},
    "orthanc": {"edge"},
    "prepare": {"control"},
    "prepare-store": {"data"},
    "api-server": {"edge", "control", "data"},
    "scheduler": {"control"},
    "dag-processor": {"control"},
    "triggerer": {"edge", "control"},
    "worker-default": {"edge", "control", "data"},
    "worker-gpu": {"control", "data"},
}
SERVER_SECRETS = {
    "postgres": {"postgres_password", "logins.sql"},
    "redis": {"redis.conf"},
    "s3": {"s3.json", "s3_authority.crt", "s3_node.crt", "s3_node.key", "security.toml"},
    "orthanc": {"orthanc.json"},
}
"""Secrets of third-party servers; those of our own processes are in `service_secrets.MATRIX`."""
STORE_FLAGS = {
    "-ip.bind=127.0.0.1",
    "-disableHttp",
    "-s3.iam=false",
    "-s3.autoCreateBucket=false",
    "-master.telemetry=false",
}
HOST_ACCESS = ("privileged", "cap_add", "devices", "network_mode", "pid", "ipc", "userns_mode", "volumes_from")
SERVES_LOGS = ("scheduler", "triggerer", "worker-default", "worker-gpu")


def services(compose: Compose) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each service by its name."""
    yield from compose["services"].items()


def secret_names(service: dict[str, Any]) -> set[str]:
    """Return the names of the secrets that a service mounts."""
    return {item if isinstance(item, str) else item["source"] for item in service.get("secrets", ())}


def secret_variables(service: dict[str, Any]) -> dict[str, str]:
    """Return the variables that the entrypoint fills from a file, with their file."""
    variables = service.get("environment", {})
    return {name.removesuffix("__FROM"): file for name, file in variables.items() if name.endswith("__FROM")}


def images_are_pinned_by_version_and_digest(compose: Compose) -> list[str]:
    return [
        name for name, service in services(compose) if "build" not in service and not PINNED.fullmatch(service["image"])
    ]


def no_service_has_a_capability(compose: Compose) -> list[str]:
    return [name for name, service in services(compose) if service.get("cap_drop") != ["ALL"]]


def no_service_gains_privileges(compose: Compose) -> list[str]:
    wanted = ["no-new-privileges:true"]
    return [name for name, service in services(compose) if service.get("security_opt") != wanted]


def no_service_reaches_into_the_host(compose: Compose) -> list[str]:
    return [f"{name}: {key}" for name, service in services(compose) for key in HOST_ACCESS if key in service]


def root_file_systems_are_read_only(compose: Compose) -> list[str]:
    return [name for name, service in services(compose) if service.get("read_only") is not True]


def every_service_has_a_scratch_folder_in_memory(compose: Compose) -> list[str]:
    return [name for name, service in services(compose) if "/tmp" not in service.get("tmpfs", ())]  # noqa: S108 - the container's


def memory_and_processes_are_limited(compose: Compose) -> list[str]:
    limits = ("mem_limit", "pids_limit")
    return [f"{name}: {limit}" for name, service in services(compose) for limit in limits if not service.get(limit)]


def no_service_leaves_core_files(compose: Compose) -> list[str]:
    return [name for name, service in services(compose) if service.get("ulimits") != {"core": 0}]


def no_service_runs_as_root(compose: Compose) -> list[str]:
    numbers = {name: str(service.get("user", "0")).partition(":")[0] for name, service in services(compose)}
    return [name for name, user in numbers.items() if not re.fullmatch(r"[1-9]\d*", user) and name not in ROOT_ALLOWED]


def each_service_is_on_its_networks_only(compose: Compose) -> list[str]:
    actual = {name: set(service.get("networks", ["default"])) for name, service in services(compose)}
    return [name for name in actual.keys() | NETWORKS.keys() if actual.get(name) != NETWORKS.get(name)]


def the_inner_networks_lead_nowhere(compose: Compose) -> list[str]:
    inner = ("control", "data")
    return [name for name in inner if (compose["networks"].get(name) or {}).get("internal") is not True]


def ports_are_published_on_loopback_only(compose: Compose) -> list[str]:
    published = ((name, str(port)) for name, service in services(compose) for port in service.get("ports", ()))
    return [f"{name}: {port}" for name, port in published if not port.startswith("127.0.0.1:") or name != "api-server"]


def each_process_has_the_variables_of_the_matrix(compose: Compose) -> list[str]:
    ours = {name: set(secret_variables(service)) for name, service in services(compose) if name not in SERVER_SECRETS}
    return [name for name in ours.keys() | MATRIX.keys() if ours.get(name) != MATRIX.get(name)]


def each_service_mounts_the_secrets_that_it_reads(compose: Compose) -> list[str]:
    def read(name: str, service: dict[str, Any]) -> set[str]:
        return SERVER_SECRETS.get(name) or {path.removeprefix(MOUNTED) for path in secret_variables(service).values()}

    return [name for name, service in services(compose) if secret_names(service) != read(name, service)]


def every_declared_secret_is_a_file_and_is_used(compose: Compose) -> list[str]:
    used = {secret for _, service in services(compose) for secret in secret_names(service)}
    declared = compose["secrets"]
    elsewhere = [name for name, source in declared.items() if source != {"file": f"secrets/{name}"}]
    return sorted(used ^ declared.keys()) + elsewhere


def no_secret_stands_in_the_file(compose: Compose) -> list[str]:
    words = ("KEY", "SECRET", "PASSWORD", "CONN", "TOKEN", "BROKER", "RESULT_BACKEND")
    return [
        f"{name}: {variable}"
        for name, service in services(compose)
        for variable, value in service.get("environment", {}).items()
        if any(word in variable for word in words) and not str(value).startswith(MOUNTED)
    ]


def files_of_the_host_are_read_only(compose: Compose) -> list[str]:
    mounts = ((name, str(volume)) for name, service in services(compose) for volume in service.get("volumes", ()))
    binds = [(name, mount) for name, mount in mounts if mount.startswith((".", "/", "~", "$"))]
    return [f"{name}: {mount}" for name, mount in binds if not mount.startswith("./") or not mount.endswith(":ro")]


def nothing_is_mounted_over_the_code(compose: Compose) -> list[str]:
    mounts = [
        (name, str(item))
        for name, service in services(compose)
        for key in ("volumes", "tmpfs")
        for item in service.get(key, ())
    ]
    return [f"{name}: {mount}" for name, mount in mounts if "/opt/idh" in mount]


def the_broker_is_current_and_reads_its_password_from_a_file(compose: Compose) -> list[str]:
    redis = compose["services"]["redis"]
    version = int(redis["image"].partition(":")[2].partition(".")[0])
    ok = version >= 8 and redis["command"] == ["redis-server", f"{MOUNTED}redis.conf"]
    return [] if ok else ["redis"]


def the_store_has_one_door(compose: Compose) -> list[str]:
    store = compose["services"]["s3"]
    missing = STORE_FLAGS - set(store["command"])
    security = {"source": "security.toml", "target": "/etc/seaweedfs/security.toml"}
    return sorted(missing) + ([] if security in store["secrets"] else ["security.toml"])


def the_database_asks_for_passwords_and_creates_the_logins(compose: Compose) -> list[str]:
    server = compose["services"]["postgres"]
    asks = server["environment"].get("POSTGRES_INITDB_ARGS") == "--auth-local=scram-sha-256 --auth-host=scram-sha-256"
    logins = {"source": "logins.sql", "target": "/docker-entrypoint-initdb.d/logins.sql"}
    return ([] if asks else ["POSTGRES_INITDB_ARGS"]) + ([] if logins in server["secrets"] else ["logins.sql"])


def each_connection_variable_is_filled_from_the_file_of_its_role(compose: Compose) -> list[str]:
    prefixes = ("AIRFLOW_CONN_IDH_DB", "IDH_CONN_IDH_DB")
    return [
        f"{name}: {variable}"
        for name, service in services(compose)
        for variable, path in secret_variables(service).items()
        if variable.startswith(prefixes) and path != f"{MOUNTED}conn_{variable.partition('_CONN_')[2].lower()}"
    ]


def no_process_serves_its_logs(compose: Compose) -> list[str]:
    return [name for name in SERVES_LOGS if "--skip-serve-logs" not in compose["services"][name]["command"]]


RULES: tuple[Callable[[Compose], list[str]], ...] = (
    images_are_pinned_by_version_and_digest,
    no_service_has_a_capability,
    no_service_gains_privileges,
    no_service_reaches_into_the_host,
    root_file_systems_are_read_only,
    every_service_has_a_scratch_folder_in_memory,
    memory_and_processes_are_limited,
    no_service_leaves_core_files,
    no_service_runs_as_root,
    each_service_is_on_its_networks_only,
    the_inner_networks_lead_nowhere,
    ports_are_published_on_loopback_only,
    each_process_has_the_variables_of_the_matrix,
    each_service_mounts_the_secrets_that_it_reads,
    every_declared_secret_is_a_file_and_is_used,
    no_secret_stands_in_the_file,
    files_of_the_host_are_read_only,
    nothing_is_mounted_over_the_code,
    the_broker_is_current_and_reads_its_password_from_a_file,
    the_store_has_one_door,
    the_database_asks_for_passwords_and_creates_the_logins,
    each_connection_variable_is_filled_from_the_file_of_its_role,
    no_process_serves_its_logs,
)
