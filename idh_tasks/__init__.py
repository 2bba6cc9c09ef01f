"""The domain of the IDH platform: from DICOM to a stored prediction, without Airflow."""

from importlib.metadata import version

__version__ = version("idh-platform")
