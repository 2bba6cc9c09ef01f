"""Creates the buckets of the object store, as its administrator: `python -m idh_tasks.local.prepare_store`."""

import json
import os

from pydantic import SecretStr

from idh_tasks.endpoints import StoreSettings
from idh_tasks.local.service_secrets import STORE_ADMINISTRATOR
from idh_tasks.store.objects import ObjectStore


def create_buckets(administrator: StoreSettings) -> None:
    """Create our bucket and both drop buckets unless they exist."""
    drops = {administrator.drop_bucket, administrator.results_bucket}
    for bucket in (administrator.bucket, *sorted(drops)):
        ObjectStore(administrator, bucket).create()


def main() -> None:
    """Create the buckets with the administrator's Connection."""
    connection = json.loads(os.environ[STORE_ADMINISTRATOR])
    secret = SecretStr(connection["password"])
    create_buckets(StoreSettings(access_key=connection["login"], secret_key=secret, **connection["extra"]))


if __name__ == "__main__":
    main()
