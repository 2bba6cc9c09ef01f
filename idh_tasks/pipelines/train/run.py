"""Runs a whole training in one process, without Airflow."""

from idh_tasks.domain.sequence import MODEL_SEQUENCES
from idh_tasks.pipelines.platform import Platform
from idh_tasks.pipelines.train.evaluate import evaluate
from idh_tasks.pipelines.train.freeze import Due, freeze_cohort
from idh_tasks.pipelines.train.promotion import judge_challengers, promote
from idh_tasks.pipelines.train.sequence import train_sequence
from idh_tasks.pipelines.train.twin_search import search_twins


def train(platform: Platform, force: bool = True) -> Due:
    """Train and promote what is due; with `force`, any change is enough to train."""
    due = freeze_cohort(platform, force)
    if due.run_id is not None:
        search_twins(platform, due.run_id)
        for sequence in MODEL_SEQUENCES:
            train_sequence(platform, due.run_id, sequence)
        evaluate(platform, due.run_id)
        judgement = judge_challengers(platform, due.run_id)
        promote(platform, due.run_id, judgement)
    return due
