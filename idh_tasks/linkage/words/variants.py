"""Variants of IDH1 and IDH2 in HGVS notation: only the known hot spots are mutations that count."""

import re
from dataclasses import dataclass

AMINO_ACIDS = {"arg": "r", "his": "h", "cys": "c", "ser": "s", "gly": "g", "leu": "l", "val": "v", "pro": "p",
               "lys": "k", "met": "m", "trp": "w", "thr": "t", "gln": "q"}  # fmt: skip
CODING = {"394c>t": "r132c", "394c>a": "r132s", "394c>g": "r132g", "395g>a": "r132h", "395g>t": "r132l",
          "395g>c": "r132p", "514a>t": "r172w", "514a>g": "r172g", "515g>a": "r172k", "515g>t": "r172m",
          "515g>c": "r172t", "516g>t": "r172s", "516g>c": "r172s"}  # fmt: skip
"""Changes of the coding sequences NM_005896 (IDH1) and NM_002168 (IDH2), one base each."""
HOT_SPOTS = {"132": ("1", frozenset("hcgslvp")), "172": ("2", frozenset("kmwgst"))}
R132H = "r132h"


@dataclass(frozen=True)
class Variant:
    """A hot-spot mutation: its gene (1 or 2), its name, and whether it is written as a finding in HGVS notation.

    ``R132H`` without ``p.`` is also the name of tests, so that it alone states no result.
    """

    gene: str
    name: str
    hgvs: bool


def read_protein(change: str, text: str) -> Variant | None:
    """Return the mutation that a protein change names, or None if it is not a known hot spot."""
    match = re.fullmatch(r"([a-z]{1,3}?)(\d+)([a-z]{1,3})", change)
    if not match or AMINO_ACIDS.get(match[1], match[1]) != "r" or match[2] not in HOT_SPOTS:
        return None
    gene, replacements = HOT_SPOTS[match[2]]
    to = AMINO_ACIDS.get(match[3], match[3])
    return Variant(gene, f"r{match[2]}{to}", text.startswith("p.")) if to in replacements else None


def read_coding(change: str) -> Variant | None:
    """Return the mutation that a change of the coding sequence names, or None if it is not a known hot spot."""
    name = CODING.get(change)
    return Variant("1" if "132" in name else "2", name, hgvs=True) if name else None
