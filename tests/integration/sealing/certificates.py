"""A certificate authority of a test, and the certificates it gives to a key server and to us."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """Writes `ca.pem` and, when asked, `{name}.pem`: a certificate with its private key."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = _named("test authority")
        self._number = 1
        extension = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = self._draft(self._name, self._key).add_extension(extension, critical=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(self._signed(self._certificate))

    def give(self, name: str) -> Path:
        """A certificate for 127.0.0.1, fit for both ends of a connection."""
        key = ec.generate_private_key(ec.SECP256R1())
        draft = (
            self._draft(_named(name), key)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
            )
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=False,
            )
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = self._folder / f"{name}.pem"
        path.write_bytes(self._signed(draft) + private)
        return path

    def _draft(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        self._number += 1
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(self._number)
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )

    def _signed(self, draft: x509.CertificateBuilder) -> bytes:
        return draft.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
