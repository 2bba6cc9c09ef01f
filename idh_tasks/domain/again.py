"""Which of the studies with patches of an earlier version are made again."""

from enum import StrEnum


class Scope(StrEnum):
    """Which of these studies."""

    ALL = "all"
    LABELLED = "labelled"
