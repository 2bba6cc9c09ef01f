"""The state of several learners as matrices, so that one operation updates all of them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from idh_tasks.learning.backend import keras, tf
from idh_tasks.learning.forward import trained_variables
from idh_tasks.learning.learner import Learner


class LearnerMatrices:
    """Parameters, both moments of Adam and moving averages of several learners: one row per learner."""

    def __init__(self, learners: Sequence[Learner]) -> None:
        self._learners = learners
        self.first = learners[0]
        self.parameters, self.mean, self.square, self.averages = (
            tf.Variable(np.stack([_row(variables) for variables in role]))
            for role in zip(*map(_roles, learners), strict=True)
        )
        self.steps = tf.Variable([float(learner.optimizer.iterations) for learner in learners])

    def parts(self) -> dict[int, tf.Tensor]:
        """Return each parameter of all learners (learners, …) by the id of the first learner's variable."""
        variables = trained_variables(self.first.model)
        pieces = tf.split(self.parameters, [math.prod(v.shape) for v in variables], axis=1)
        return {id(v): tf.reshape(piece, (-1, *v.shape)) for v, piece in zip(variables, pieces, strict=True)}

    def copy_to_learners(self) -> None:
        """Assign each row to the variables of its learner."""
        rows = [matrix.numpy() for matrix in (self.parameters, self.mean, self.square, self.averages)]
        for number, learner in enumerate(self._learners):
            learner.optimizer.iterations.assign(int(self.steps[number]))
            for variables, matrix in zip(_roles(learner), rows, strict=True):
                ends = np.cumsum([math.prod(variable.shape) for variable in variables])[:-1]
                for variable, values in zip(variables, np.split(matrix[number], ends), strict=True):
                    variable.assign(values.reshape(variable.shape))


def _roles(learner: Learner) -> tuple[list[keras.Variable], ...]:
    """Return the variables of a learner by role: parameters, first moments, second moments, moving averages."""
    _iteration, _rate, *moments = learner.optimizer.variables
    return trained_variables(learner.model), moments[0::2], moments[1::2], learner.model.non_trainable_variables


def _row(variables: Sequence[keras.Variable]) -> NDArray[np.float32]:
    return np.concatenate([variable.numpy().ravel() for variable in variables])
