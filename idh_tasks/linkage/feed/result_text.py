"""Whether a text alone states a result: so that parts of an observation that contradict each other are noticed."""

from idh_tasks.domain.pathology import AssayResult
from idh_tasks.linkage.words.results import read_assays

PLAIN_TESTS = ("IDH1 codon 132 sequencing", "IDH2 codon 172 sequencing")


def read_result(text: str, name: str = "") -> AssayResult:
    """Return what a text states as the result of the test of this name, or else of either gene's sequencing.

    Returns
    -------
    AssayResult
        UNKNOWN where it states nothing that is understood, or several results.
    """
    for test in filter(None, (name, *PLAIN_TESTS)):
        results = {assay.result for assay in read_assays(test, text)}
        if len(results) == 1 and AssayResult.UNKNOWN not in results:
            return results.pop()
    return AssayResult.UNKNOWN
