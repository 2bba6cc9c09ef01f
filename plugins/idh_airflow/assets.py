"""The assets by which the DAGs wake one another."""

from airflow.sdk import Asset

STUDIES = Asset(name="studies", uri="idh://studies", group="idh")
CASES = Asset(name="cases", uri="idh://cases", group="idh")
PATCHES = Asset(name="patches", uri="idh://patches", group="idh")
CHAMPIONS = Asset(name="champions", uri="idh://champions", group="idh")
