"""Which studies are prepared again by decision."""

from enum import StrEnum


class Scope(StrEnum):
    """Those with patches of an earlier version, only the labelled of these, or what failed with the present version."""

    ALL = "all"
    LABELLED = "labelled"
    FAILED = "failed"
