"""What PostgreSQL stores of a password."""

import re

from idh_tasks.local.logins import verifier


def test_a_verifier_has_postgresqls_form_and_a_salt_of_its_own() -> None:
    one, other = verifier("secret"), verifier("secret")
    form = re.compile(r"SCRAM-SHA-256\$4096:[\w+/]{22}==\$[\w+/]{43}=:[\w+/]{43}=")
    assert form.fullmatch(one)
    assert form.fullmatch(other)
    assert one != other
    assert "secret" not in one
