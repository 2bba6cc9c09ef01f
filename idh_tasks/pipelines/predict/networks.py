"""The champions' networks, each loaded when it is first needed."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from idh_tasks.codes import Code
from idh_tasks.db.predictions import DuePrediction
from idh_tasks.errors import RunRefusedError
from idh_tasks.store.objects import ObjectStore

if TYPE_CHECKING:
    from idh_tasks.learning.backend import keras


class Networks:
    """Networks of one task; a model id stands for the same bytes for ever."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._loaded: dict[str, keras.Model] = {}

    def probability(self, row: DuePrediction, patch: NDArray[np.float32]) -> float:
        """Return the probability of a mutation that the champion gives the patch (size, size) of a row.

        Raises
        ------
        RunRefusedError
            ``E_NONFINITE`` if it is not finite, and as `load_model` raises it.
        """
        from idh_tasks.learning.training import probabilities

        of_mutant = float(probabilities(self._network(row), patch[np.newaxis])[0, 1])
        if not np.isfinite(of_mutant):
            raise RunRefusedError(Code.E_NONFINITE, f"model {row.model_id} gives non-finite probabilities")
        return of_mutant

    def _network(self, row: DuePrediction) -> "keras.Model":
        from idh_tasks.learning.registry import load_model

        if row.model_id not in self._loaded:
            self._loaded[row.model_id] = load_model(self._store.get(row.model_key), row.model_sha256)
        return self._loaded[row.model_id]
