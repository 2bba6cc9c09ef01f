"""Trains and writes the classifiers of the package: `python -m tools.outline_training FOLDER`.

The folder holds one folder per patient in BraTS layout.
"""

import sys
from importlib import resources
from pathlib import Path

from idh_tasks.imaging.proposal.classifier import WEIGHTS, save
from tools.outline_training.cases import cases
from tools.outline_training.heads import read_heads
from tools.outline_training.training import train


def main(root: Path) -> None:
    """Train on every patient of the folder."""
    target = Path(str(resources.files("idh_tasks.imaging.proposal"))) / WEIGHTS
    save(target, train(list(cases(read_heads(root)))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
