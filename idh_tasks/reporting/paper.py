"""Table 1 of the paper as mean and SD, to be shown beside our results."""

from dataclasses import dataclass

from idh_tasks.domain.sequence import MrSequence

MeanSd = tuple[float, float]


@dataclass(frozen=True)
class PaperRow:
    """One row of the paper's Table 1."""

    accuracy: MeanSd
    loss: MeanSd
    sensitivity: MeanSd
    specificity: MeanSd
    auc: MeanSd


TABLE_1 = {
    MrSequence.T1: PaperRow((0.77, 0.11), (1.40, 0.9), (0.36, 0.29), (0.95, 0.07), (0.71, 0.23)),
    MrSequence.T2: PaperRow((0.67, 0.12), (2.41, 0.77), (0.48, 0.16), (0.75, 0.12), (0.63, 0.07)),
    MrSequence.FLAIR: PaperRow((0.77, 0.11), (1.98, 1.06), (0.28, 0.27), (0.95, 0.03), (0.74, 0.13)),
    MrSequence.MPRAGE: PaperRow((0.66, 0.10), (2.55, 0.93), (0.43, 0.24), (0.74, 0.17), (0.62, 0.15)),
    MrSequence.RCBV: PaperRow((0.83, 0.07), (0.64, 0.23), (0.76, 0.08), (0.86, 0.08), (0.86, 0.05)),
    MrSequence.ADC: PaperRow((0.56, 0.11), (2.53, 0.28), (0.14, 0.07), (0.73, 0.16), (0.45, 0.04)),
}
"""The loss of T1 is printed as '1.4± 09' in the paper; read as 0.9."""
