"""How well networks do: the columns of the paper's Table 1, intervals, spread over repetitions, and calibration."""

from dataclasses import dataclass
from math import isfinite

STATED = ("ece", "calibrated_brier", "log_loss", "constant_log_loss", "in_the_large", "calibration_slope")
"""The names of the measures of the stated probabilities in `Performance`; earlier versions had only some."""


@dataclass(frozen=True)
class Metrics:
    """The columns of the paper's Table 1 for one set of scores; mutant is the positive class."""

    n: int
    mutants: int
    accuracy: float
    loss: float
    sensitivity: float
    specificity: float
    auc: float

    @property
    def ppv(self) -> float | None:
        """Return the share of mutants among those predicted to be mutant, or None if nobody is."""
        true, false = self.sensitivity * self.mutants, (1 - self.specificity) * (self.n - self.mutants)
        return _share(true, false)

    @property
    def npv(self) -> float | None:
        """Return the share of wild types among those predicted to be wild type, or None if nobody is."""
        true, false = self.specificity * (self.n - self.mutants), (1 - self.sensitivity) * self.mutants
        return _share(true, false)


def _share(true: float, false: float) -> float | None:
    """Return the share of the first of two numbers of patients, which come from ratios and are rounded to whole."""
    predicted = round(true) + round(false)
    return round(true) / predicted if predicted else None


@dataclass(frozen=True)
class Interval:
    """A point estimate with the bounds of its 95 % interval; both are NaN if there is none, as for constant scores."""

    value: float
    low: float
    high: float

    @property
    def bounded(self) -> bool:
        """Return whether there are bounds."""
        return isfinite(self.low) and isfinite(self.high)


@dataclass(frozen=True)
class Spread:
    """The lowest and the highest value over the repetitions of a cross-validation; it is no confidence interval."""

    repetitions: int
    lowest: float
    highest: float


@dataclass(frozen=True)
class Performance:
    """How well a set of held-out scores separates the classes, and how well it is calibrated.

    Parameters
    ----------
    n, mutants
        Patients, however many scores each of them has.
    auc, delong
        The AUC with its bootstrap interval, and with DeLong's; with repetitions, the mean over them.
    brier, calibrated_brier
        The Brier score of the networks' outputs, and of the stated probabilities.
    ece
        The expected calibration error of the stated probabilities.
    log_loss, constant_log_loss
        The log loss of the stated probabilities, and that of stating the share of mutants for everybody.
    in_the_large, calibration_slope
        Mean stated probability minus share of mutants (0 is right), and the slope of the label on the stated logit (1
        is right); no slope where the stated probabilities hardly vary.
    spread
        Of the AUC over repetitions; None without them.

    Notes
    -----
    Runs stored by earlier versions of the platform lack those that were added later.
    """

    n: int
    mutants: int
    auc: Interval
    brier: float
    delong: Interval | None = None
    ece: float | None = None
    calibrated_brier: float | None = None
    log_loss: float | None = None
    constant_log_loss: float | None = None
    in_the_large: float | None = None
    calibration_slope: float | None = None
    spread: Spread | None = None

    @property
    def behind_the_constant(self) -> bool:
        """Return whether stating the share of mutants for everybody has no higher log loss."""
        return no_better(self.log_loss, self.constant_log_loss)


def no_better(log_loss: float | None, constant_log_loss: float | None) -> bool:
    """Return whether a log loss, if there is one, is not below that of the constant, to three digits."""
    if log_loss is None or constant_log_loss is None:
        return False
    return round(log_loss, 3) >= round(constant_log_loss, 3)
