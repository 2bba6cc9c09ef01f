"""Decides from what an archive lists about a series whether it is retrieved."""

from collections.abc import Iterable, Iterator, Sequence

from idh_tasks.domain.words import Choice, WordRule
from idh_tasks.intake.selection.filters import Filters
from idh_tasks.intake.selection.verdict import Verdict
from idh_tasks.intake.transport.listing import PacsSeries

IMAGES, OUTLINES = ("", "MR"), ("SEG", "RTSTRUCT")
"""Modalities that are retrieved; a series without one may be an image."""


OF_HEADS = ("mprage", "mprage or reformat", "flair", "diffusion", "perfusion")
"""Kinds of the table of series that show a head where no word names another region."""
CERTAIN = (frozenset({"mprage"}), frozenset({"flair", "diffusion"}))
"""Kinds that together show a head, even beside series of another region: that of a brain and a spine, say."""


def judge_one_series(series: PacsSeries, filters: Filters) -> Verdict:
    """Return whether a series is retrieved: outlines, and images that no word excludes.

    A word for one of the sequences prevails over a word that excludes, and over another region in the body part, which
    scanners keep from the patient before; what no word tells is retrieved. A protocol excludes nothing that has a
    description: some scanners give the one of the whole examination to each of its series.
    """
    if series.modality in OUTLINES:
        return Verdict(Choice.INCLUDE, "outline", series.modality)
    if series.modality not in IMAGES:
        return Verdict(Choice.EXCLUDE, "modality")
    own = (series.description or series.protocol,)
    for choice, texts in ((Choice.INCLUDE, series.texts), (Choice.EXCLUDE, own)):
        said = (rule for text in texts for rule in filters.series.find(text))
        rule = next((rule for rule in said if rule.choice is choice), None)
        if rule is not None:
            return Verdict(choice, rule.kind, rule.phrase)
    return Verdict(Choice.INCLUDE, "not told by its texts")


def wanted_series(series: Sequence[PacsSeries], filters: Filters) -> frozenset[str]:
    """Return the UIDs of the series to be retrieved; without a series that may be an image, nothing."""
    wanted = [
        one
        for one in series
        if judge_one_series(one, filters).choice is Choice.INCLUDE and not is_elsewhere(one, filters)
    ]
    images = any(one.modality in IMAGES for one in wanted)
    return frozenset(one.series_uid for one in wanted) if images else frozenset()


def is_elsewhere(series: PacsSeries, filters: Filters) -> bool:
    """Return whether the description of a series names another region and no head: the neck of 'head and neck'."""
    found = [rule.choice for rule in filters.studies.find(series.description)]
    return series.modality in IMAGES and Choice.EXCLUDE in found and Choice.INCLUDE not in found


def places(series: PacsSeries, filters: Filters) -> Iterable[WordRule]:
    """Return the regions that body part, description and protocol of a series name."""
    return [rule for text in (series.body_part, *series.texts) for rule in filters.studies.find(text)]


def names_a_head(stated: Iterable[WordRule]) -> WordRule | None:
    """Return the first word for a head."""
    return next((rule for rule in stated if rule.choice is Choice.INCLUDE), None)


def names_elsewhere(stated: Iterable[WordRule]) -> WordRule | None:
    """Return the first word for another region."""
    return next((rule for rule in stated if rule.choice is Choice.EXCLUDE), None)


def shows_a_head(series: Iterable[PacsSeries], filters: Filters) -> WordRule | None:
    """Return the first word for a sequence that is acquired of heads."""
    return next((rule for rule in _sequences(series, filters) if rule.kind in OF_HEADS), None)


def shows_a_head_for_certain(series: Iterable[PacsSeries], filters: Filters) -> WordRule | None:
    """Return the first word of series that name no other region, if together they are acquired of heads only."""
    found = list(_sequences((one for one in series if not is_elsewhere(one, filters)), filters))
    kinds = next((kinds for kinds in CERTAIN if kinds <= {rule.kind for rule in found}), frozenset())
    return next((rule for rule in found if rule.kind in kinds), None)


def _sequences(series: Iterable[PacsSeries], filters: Filters) -> Iterator[WordRule]:
    found = (rule for one in series for text in one.texts for rule in filters.series.find(text))
    return (rule for rule in found if rule.choice is Choice.INCLUDE)
