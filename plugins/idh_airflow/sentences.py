"""The last sentences of steps that return more than a count."""

from typing import Any


def listed(discovery: Any) -> str:
    """Return what the sources have, how much of it is new, and which of them did not answer."""
    found = ", ".join(f"{count} in {source}" for source, count in discovery["found"].items()) or "nothing"
    new = sum(len(batch["ids"]) for batch in discovery["batches"])
    left = sum(sum(reasons.values()) for reasons in discovery["excluded"].values())
    missing = ", ".join(discovery["unreachable"])
    silent = f" No answer: {missing}." if missing else ""
    partly = "".join(f" Not listed completely: {source} ({why})." for source, why in discovery["incomplete"].items())
    return f"Found: {found}; not picked up: {left}; to be ingested: {new}.{silent}{partly}"


def balanced(night: Any) -> str:
    """Return how many studies a night has brought, and what failed."""
    failed = night["reason"] or night["warning"]
    return f"New: {night['studies']} studies." + (f" {failed}." if failed else "")


def reconciled(night: Any) -> str:
    """Return how many studies a night has brought, and which failures are tolerated."""
    new = f"New: {night['studies']} studies." if night["studies"] else "Nothing new: no study is new."
    tolerated = f" Tolerated (W_TOLERATED), and tried again: {night['warning']}." if night["warning"] else ""
    return new + tolerated


def judged(judgement: Any) -> str:
    """Return which networks may become champions, of those that were trained."""
    return f"May become champions: {', '.join(judgement['eligible'])}; judged: {', '.join(judgement['networks'])}."


def published(outcome: Any) -> str:
    """Return how many documents were written, and what is not predicted any more."""
    missing = ", ".join(outcome.get("unpredicted", ()))
    said = f" Not predicted, because the champion was withdrawn without a successor: {missing}." if missing else ""
    count = outcome["documents"]
    return (f"Documents written: {count}." if count else "Nothing new: no document is due.") + said


def prepared(counts: Any) -> str:
    """Return how many studies were prepared; a run without any passes on that links have changed."""
    if not counts["studies"]:
        return "No study was due; that links have changed is passed on to training and prediction."
    return f"Prepared for linking, training and prediction: {counts['studies']} studies."


def planned(plan: Any) -> str:
    """Return what a backfill would fetch, or that one goes on."""
    return str(plan["sentence"])


def fetched(evening: Any) -> str:
    """Return what a backfill has fetched, and why it ended."""
    return str(evening["sentence"])
