"""Certificates and configuration that protect the internal ports of SeaweedFS.

By default, the filer, master and volume servers accept every connection. With this configuration, their HTTP and gRPC
ports require a client certificate. The private key of the issuing authority is discarded, so no further certificate can
be issued. HTTP requests between the servers also need signed tokens.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import PurePath

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY, CERTIFICATE, KEY = "s3_authority.crt", "s3_node.crt", "s3_node.key"
CONFIGURATION = "security.toml"
VALID_FOR = timedelta(days=3650)
GRPC = ("master", "volume", "filer", "s3", "client")
HTTPS = ("master", "volume", "filer", "client")
TOKENS = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
SIGNS_CERTIFICATES = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)
USAGES = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


def files(folder: PurePath) -> dict[str, str]:
    """Return the content of each file by name: a new authority, one certificate with its key, and `security.toml`.

    Parameters
    ----------
    folder
        Folder in which SeaweedFS finds the certificates; `security.toml` belongs in its working directory.
    """
    return {**_certificates(), CONFIGURATION: _security_toml(folder)}


def _security_toml(folder: PurePath) -> str:
    paths = {name: str(folder / file) for name, file in (("ca", AUTHORITY), ("cert", CERTIFICATE), ("key", KEY))}
    sections: dict[str, Mapping[str, object]] = {name: {"key": secrets.token_hex(32)} for name in TOKENS}
    sections |= {"access": {"ui": False}, "filer.expose_directory_metadata": {"enabled": False}}
    sections |= {"grpc": {"ca": paths["ca"]}}
    sections |= {f"grpc.{part}": {"cert": paths["cert"], "key": paths["key"]} for part in GRPC}
    sections |= {f"https.{part}": paths for part in HTTPS}
    sections["https.client"] = {**paths, "enabled": True}
    return "\n".join(_section(name, values) for name, values in sections.items())


def _section(name: str, values: Mapping[str, object]) -> str:
    lines = (
        f"{key} = {str(value).lower() if isinstance(value, bool) else _quoted(value)}" for key, value in values.items()
    )
    return "\n".join((f"[{name}]", *lines, ""))


def _quoted(value: object) -> str:
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _certificates() -> dict[str, str]:
    authority_key, node_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = _name("idh object store authority")
    authority = (
        _certificate(issuer, authority_key, issuer, authority_key)
        .add_extension(x509.BasicConstraints(True, 0), critical=True)
        .add_extension(SIGNS_CERTIFICATES, critical=True)
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    node = (
        _certificate(_name("idh object store"), node_key, issuer, authority_key)
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(USAGES), critical=False)
        .add_extension(names, critical=False)
    )
    pem, sha256 = serialization.Encoding.PEM, hashes.SHA256()
    private = node_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {
        AUTHORITY: authority.sign(authority_key, sha256).public_bytes(pem).decode(),
        CERTIFICATE: node.sign(authority_key, sha256).public_bytes(pem).decode(),
        KEY: private.decode(),
    }


def _certificate(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    # Python 3.13 verifies strictly (RFC 5280): it refuses a certificate without both key identifiers.
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
