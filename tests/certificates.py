"""Certificates for tests: of an authority, and signed by it, self-signed or expired."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from idh_tasks.local.store_tls import SIGNS_CERTIFICATES

DAY = timedelta(days=1)


@dataclass(frozen=True)
class CertificateFiles:
    """The files of a certificate and its key."""

    certificate: Path
    key: Path


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> CertificateFiles:
    files = CertificateFiles(folder / f"{name}.crt", folder / f"{name}.key")
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def certify(folder: Path, name: str, issuer: CertificateFiles | None = None, expired: bool = False) -> CertificateFiles:
    """Make a certificate for 127.0.0.1, signed by an issuer or self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer, signed_by = key, _name(name)
    if issuer is not None:
        signer = serialization.load_pem_private_key(issuer.key.read_bytes(), None)  # type: ignore[assignment]  # EC
        signed_by = x509.load_pem_x509_certificate(issuer.certificate.read_bytes()).subject
    until = datetime.now(UTC) + (-DAY if expired else DAY)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(signed_by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - 3 * DAY)
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        # Python 3.13 verifies strictly: it requires both key identifiers, and the usage of an authority's key.
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if issuer is None:
        builder = builder.add_extension(SIGNS_CERTIFICATES, critical=True)
    certificate = builder.sign(signer, hashes.SHA256())
    return _write(folder, name, certificate, key)
