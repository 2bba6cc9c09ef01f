"""Imaging: from stored series to patches; each step is a pure function on volumes."""

import numpy as np  # noqa: F401 - its library of linear algebra must be loaded before it is limited
from threadpoolctl import threadpool_limits

# With several threads the order of summation varies, and the threads of several workers wait actively for each other.
threadpool_limits(limits=1, user_api="blas")
