"""Names a series: physics first, then the name; when the two disagree, a person is asked."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pydicom import Dataset

from idh_tasks.domain.sequence import Confidence, MrSequence
from idh_tasks.domain.study import Identification
from idh_tasks.intake.dialect import b_value

Range = tuple[float, float]
ANY: Range = (0, 1e9)
MANY_TIME_POINTS = 10


@dataclass(frozen=True)
class Physics:
    """What the headers of a series say; times in ms."""

    tr: float
    te: float
    ti: float
    scanning: frozenset[str]
    acquisition: str
    image_type: frozenset[str]
    b_values: tuple[float, ...]
    time_points: int
    contrast: bool
    name: str


@dataclass(frozen=True)
class Rule:
    """A sequence with the ranges of TR, TE and TI in ms and the scanning sequence it needs."""

    sequence: MrSequence
    scanning: str
    tr: Range = ANY
    te: Range = ANY
    ti: Range = ANY
    acquisition: str = ""


RULES = (
    Rule(MrSequence.FLAIR, "IR", tr=(4000, 20000), te=(60, 500), ti=(1500, 3200)),
    Rule(MrSequence.FLAIR, "SE", tr=(4000, 20000), te=(60, 500), ti=(1500, 3200)),
    Rule(MrSequence.MPRAGE, "GR", tr=(4, 3500), te=(0, 12), ti=(400, 1500)),
    Rule(MrSequence.MPRAGE, "GR", tr=(4, 50), te=(0, 12), acquisition="3D"),
    Rule(MrSequence.T1, "SE", tr=(200, 1300), te=(0, 40)),
    Rule(MrSequence.T1, "GR", tr=(100, 500), te=(0, 12)),
    Rule(MrSequence.T2, "SE", tr=(1800, 20000), te=(60, 600), ti=(0, 300)),
)
"""Tried in order; MPRAGE stands for a 3D T1, which is T1 where no contrast was given."""

NAMES = (
    (MrSequence.ADC, r"\badc\b|_adc|apparent"),
    (MrSequence.RCBV, r"r?cbv"),
    (MrSequence.DSC, r"perf|dsc|bolus|pwi"),
    (MrSequence.DWI, r"dwi|diff|dti|trace"),
    (MrSequence.FLAIR, r"flair|dark.?fluid"),
    (MrSequence.OTHER, r"t2\*|t2.?star|swi|tof|angio|loc|scout|survey|pilot|phase"),
    (MrSequence.MPRAGE, r"mp.?rage|stealth|bravo|spgr|\brage\b|3d.?tfe"),
    (MrSequence.T2, r"t2"),
    (MrSequence.T1, r"t1"),
)
CONTRAST_NAME = re.compile(r"\+ ?c\b|post|gad|\bgd\b|\bkm\b|contrast|t1c|c\+", re.I)
SAME_FAMILY = ({MrSequence.T1, MrSequence.MPRAGE}, {MrSequence.DWI, MrSequence.ADC})


def _number(ds: Dataset, keyword: str) -> float:
    try:
        return float(ds.get(keyword) or 0)
    except (TypeError, ValueError):
        return 0.0


def _several(ds: Dataset, keyword: str) -> frozenset[str]:
    value = ds.get(keyword) or ()
    return frozenset((value,) if isinstance(value, str) else map(str, value))


def read_physics(instances: Sequence[Dataset]) -> Physics:
    """Collect what identifies a series from all its instances."""
    first = instances[0]
    places = Counter(str(ds.get("ImagePositionPatient")) for ds in instances)
    name = str(first.get("SeriesDescription") or first.get("ProtocolName") or "")
    return Physics(
        tr=_number(first, "RepetitionTime"),
        te=_number(first, "EchoTime"),
        ti=_number(first, "InversionTime"),
        scanning=_several(first, "ScanningSequence"),
        acquisition=str(first.get("MRAcquisitionType") or ""),
        image_type=_several(first, "ImageType"),
        b_values=tuple(sorted({b for b in map(b_value, instances) if b is not None})),
        time_points=max(places.values()),
        contrast=bool(first.get("ContrastBolusAgent")) or bool(CONTRAST_NAME.search(name)),
        name=name,
    )


def _by_map(physics: Physics) -> MrSequence | None:
    """Recognise maps and multi-volume series, which ranges cannot tell."""
    if physics.image_type & {"ADC", "ADC_UNSPECIFIED"}:
        return MrSequence.ADC
    if physics.image_type & {"RCBV", "CBV", "RELCBV"}:
        return MrSequence.RCBV
    if "DIFFUSION" in physics.image_type or max(physics.b_values, default=0) > 0:
        return MrSequence.DWI
    echo_planar = "EP" in physics.scanning
    if echo_planar and physics.time_points >= MANY_TIME_POINTS:
        return MrSequence.DSC
    return None


def _fits(rule: Rule, physics: Physics) -> bool:
    pairs = ((rule.tr, physics.tr), (rule.te, physics.te), (rule.ti, physics.ti))
    return (
        rule.scanning in physics.scanning
        and rule.acquisition in physics.acquisition
        and all(low <= value <= high for (low, high), value in pairs)
    )


def _by_ranges(physics: Physics) -> MrSequence:
    found = next((rule.sequence for rule in RULES if _fits(rule, physics)), MrSequence.OTHER)
    if found is MrSequence.MPRAGE and not physics.contrast:
        return MrSequence.T1
    return found


def _by_name(name: str) -> MrSequence | None:
    return next((s for s, pattern in NAMES if re.search(pattern, name, re.I)), None)


def identify(physics: Physics) -> Identification:
    """Name a series from its physics and check the answer against its name.

    Returns
    -------
    Identification
        ``low`` confidence where name and physics disagree or the physics fits nothing known.
    """
    found = _by_map(physics) or _by_ranges(physics)
    named = _by_name(physics.name)
    agrees = named in (None, found) or any({found, named} <= family for family in SAME_FAMILY)
    sure = agrees and found is not MrSequence.OTHER
    verdict = "no name" if named is None else "name agrees" if agrees else f"name says {named}"
    evidence = f"TR {physics.tr:g}, TE {physics.te:g}, TI {physics.ti:g}"
    if physics.b_values:
        evidence += f", b {', '.join(f'{b:g}' for b in physics.b_values)}"
    if physics.time_points > 1:
        evidence += f", {physics.time_points} volumes"
    confidence = Confidence.HIGH if sure else Confidence.LOW
    return Identification(found, confidence, f"{evidence} → {found}; {verdict}")
