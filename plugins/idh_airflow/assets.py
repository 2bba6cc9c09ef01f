"""The assets by which the DAGs trigger one another."""

from airflow.sdk import Asset, AssetWatcher

from idh_airflow.defaults import PACS_CHANGES
from idh_airflow.triggers.stable_study import StableStudyTrigger

_WATCHERS = [AssetWatcher(name="pacs_changes", trigger=StableStudyTrigger(PACS_CHANGES))] if PACS_CHANGES else []
ARRIVALS = Asset(name="arrivals", uri="idh://arrivals", group="idh", watchers=_WATCHERS)
STUDIES = Asset(name="studies", uri="idh://studies", group="idh")
CASES = Asset(name="cases", uri="idh://cases", group="idh")
QUESTIONS = Asset(name="questions", uri="idh://questions", group="idh")
ANSWERS = Asset(name="answers", uri="idh://answers", group="idh")
JUDGEMENTS = Asset(name="judgements", uri="idh://judgements", group="idh")
"""Exclusions, their ends and answers taken back: they concern predictions also where no link changes."""
PATCHES = Asset(name="patches", uri="idh://patches", group="idh")
CHAMPIONS = Asset(name="champions", uri="idh://champions", group="idh")
WORK = Asset(name="work", uri="idh://work", group="idh")
"""Work that is due though nothing new has come: a plan, what is tried again, and what a run has left."""
