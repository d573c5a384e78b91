"""Certificates for servers of the tests: good ones and each kind of bad one."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Signs certificates; `path` holds its own, for those who trust it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    path: Path

    def issue(self, folder: Path, names: list[str], *, begins: int = -1, ends: int = 1) -> Path:
        """A file with key and certificate for these names; it is valid from and until so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _builder(names[0], key, begins, ends).issuer_name(self.certificate.subject)
        if len(names) > 1:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names[1:]]), critical=False)
        return _write(
            folder / f"{abs(hash((*names, begins, ends, id(self))))}.pem", key, made.sign(self.key, hashes.SHA256())
        )


def make_authority(folder: Path, name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = _builder(name, key, -1, 1).issuer_name(subject)
    certificate = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(
        key, hashes.SHA256()
    )
    return Authority(key, certificate, _write(folder / f"{name}.pem", key, certificate))


def make_self_signed(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    made = _builder(name, key, -1, 1).issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
    names = x509.SubjectAlternativeName([x509.DNSName(name)])
    return _write(folder / "self-signed.pem", key, made.add_extension(names, critical=False).sign(key, hashes.SHA256()))


def _builder(name: str, key: ec.EllipticCurvePrivateKey, begins: int, ends: int) -> x509.CertificateBuilder:
    instant = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(instant + begins * DAY)
        .not_valid_after(instant + ends * DAY)
    )


def _write(path: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Path:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
