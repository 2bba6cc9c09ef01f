"""The classes that Airflow asks for with the types of Connections; tasks use idh_airflow/connections.py."""

from airflow.sdk import BaseHook


class PacsHook(BaseHook):
    """The PACS by DIMSE."""

    conn_type, default_conn_name, conn_name_attr, hook_name = "idh_pacs", "idh_pacs", "conn_id", "IDH: PACS (DIMSE)"


class DicomwebHook(BaseHook):
    """An archive by DICOMweb."""

    conn_type, default_conn_name, conn_name_attr = "idh_dicomweb", "idh_dicomweb", "conn_id"
    hook_name = "IDH: Image archive (DICOMweb)"


class FhirHook(BaseHook):
    """The laboratory's FHIR server."""

    conn_type, default_conn_name, conn_name_attr, hook_name = (
        "idh_fhir",
        "idh_fhir",
        "conn_id",
        "IDH: Laboratory (FHIR)",
    )


class StoreHook(BaseHook):
    """The platform's buckets."""

    conn_type, default_conn_name, conn_name_attr, hook_name = "idh_store", "idh_store", "conn_id", "IDH: Buckets (S3)"
