"""The figures of a training report that are stored as files of their own."""

from enum import StrEnum


class RunFigure(StrEnum):
    """A figure by the name of its file, with what it shows."""

    caption: str

    def __new__(cls, name: str, caption: str) -> "RunFigure":
        """Create a member."""
        member = str.__new__(cls, name)
        member._value_, member.caption = name, caption
        return member

    ROC = "roc", "ROC curve of each fold, and their mean"
    BOXES = "boxes", "Sensitivity, specificity, accuracy and loss over folds"
    CALIBRATION = "calibration", "Predicted probability and observed share of mutants, before and after calibration"
    LEARNING = "learning", "Loss on held-out patients over epochs, with the fitted exponential"
    PATCHES = "patches", "Input patches of the networks; mutants are framed"
    FLOW = "flow", "The cohort, and the reasons for exclusion"

    @property
    def file_name(self) -> str:
        """Return the name of the file in the folder of a run."""
        return f"{self.value}.svg"
