"""Which addresses of databases lead off this machine, and which make their driver insist on TLS."""

import pytest
from sqlalchemy import make_url

from idh_tasks.db.encryption import is_encrypted, is_local


@pytest.mark.parametrize(
    ("address", "encrypted"),
    [
        ("postgresql+psycopg2://u:p@lis/db?sslmode=verify-full", True),
        ("postgresql+psycopg2://u:p@lis/db?sslmode=require", True),
        ("postgresql+psycopg2://u:p@lis/db?sslmode=prefer", False),
        ("postgresql+psycopg2://u:p@lis/db?sslmode=disable", False),
        ("postgresql+psycopg2://u:p@lis/db", False),
        ("mysql+pymysql://u:p@lis/db?ssl_ca=/ca.pem", True),
        ("mysql+pymysql://u:p@lis/db", False),
        ("mysql+mysqldb://u:p@lis/db?ssl_ca=/ca.pem", False),
        ("mssql+pyodbc://u:p@lis/db?driver=ODBC+Driver+18&Encrypt=yes", True),
        ("mssql+pyodbc://u:p@lis/db?driver=ODBC+Driver+18&Encrypt=no", False),
        ("mssql+pymssql://u:p@lis/db?encryption=require", True),
        ("mssql+pymssql://u:p@lis/db?encryption=request", False),
        ("oracle+oracledb://u:p@lis/?service_name=x&protocol=tcps", True),
        ("oracle+oracledb://u:p@lis/?service_name=x", False),
        ("firebird://u:p@lis/db?sslmode=require", False),
    ],
)
def test_only_parameters_that_require_tls_count(address: str, encrypted: bool) -> None:
    assert is_encrypted(make_url(address)) is encrypted


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("sqlite:////data/lis.db", True),
        ("postgresql://u@/db", True),
        ("postgresql://u@/db?host=/var/run", True),
        ("postgresql://u@127.0.0.1/db", True),
        ("postgresql://u@/db?host=lis", False),
        ("postgresql://u@localhost/db?host=lis", False),
        ("postgresql://u@localhost/db?hostaddr=192.0.2.1", False),
        ("postgresql://u@localhost/db?host=localhost,lis", False),
        ("mysql+pymysql://u@localhost/db?unix_socket=/s", True),
        ("mysql+pymysql://u@lis/db", False),
        ("mssql+pyodbc:///?odbc_connect=SERVER%3Dlis", False),
        ("mssql+pyodbc://u:p@a_dsn", False),
        ("mssql+pymssql://u:p@localhost/db", True),
        ("oracle+oracledb://u:p@/?dsn=x", False),
    ],
)
def test_an_address_is_local_only_if_every_host_is_this_machine(address: str, local: bool) -> None:
    assert is_local(make_url(address)) is local
