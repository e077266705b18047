"""The lab's certificate authority and its servers' certificate: made at first start, renewed by itself."""

from __future__ import annotations

import ipaddress
import logging
import os
import secrets
import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

log = logging.getLogger("netlab.tls")

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)  # what browsers and phones still take: 398 days
RENEW_BEFORE = timedelta(days=30)
LEEWAY = timedelta(days=1)  # students' clocks run late


def names_of(domain: str, aliases: Iterable[str] = (), public_host: str = "") -> tuple[str, ...]:
    """Return every name and address under which the lab's servers may be reached, each once."""
    wanted = ["localhost", "127.0.0.1", "::1", domain, *aliases, socket.gethostname(), public_host]
    return tuple(dict.fromkeys(name.strip().strip("[]") for name in wanted if name and name.strip()))


@dataclass(frozen=True)
class _Pair:
    """A private key and its certificate, kept in one file so that a crash cannot part them."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def pem(self) -> bytes:
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return key + self.public_pem()

    def public_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


class Authority:
    """The lab CA in ``folder`` (files of mode 0600 but ``ca.pem``) and a certificate for ``names``.

    ``context`` is one SSLContext for every server: after a renewal, new handshakes show the new certificate
    and open connections go on. ``clock`` gives the time, in UTC. OSError where the folder cannot be written.
    """

    def __init__(
        self, folder: Path, names: Iterable[str], clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._folder = folder
        self._names = tuple(names)
        self._clock = clock
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._pem = ""
        self.renew()

    @property
    def pem(self) -> str:
        """The CA's certificate, the text a client needs to trust the lab."""
        return self._pem

    def renew(self, names: Iterable[str] | None = None) -> bool:
        """Make what is missing, unreadable, soon to expire or for other names; True if anything was made."""
        self._names = tuple(names) if names is not None else self._names
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority = _read(self._folder / "authority.pem")
        server = _read(self._folder / "server.pem")
        new_authority = authority is None or self._ends_soon(authority, SERVER_LIFE + RENEW_BEFORE)
        if new_authority or authority is None:
            authority = self._make_authority()
            _write(self._folder / "authority.pem", authority.pem())
        changed = new_authority or not self._serves(server, authority)
        if changed:
            server = self._make_server(authority)
            _write(self._folder / "server.pem", server.pem() + authority.public_pem())
            log.info("made a certificate for %s", ", ".join(self._names))
        if changed or not self._pem:
            self.context.load_cert_chain(self._folder / "server.pem")
            self._pem = authority.public_pem().decode()
            _write(self._folder / "ca.pem", authority.public_pem(), mode=0o644)
        return changed

    def _ends_soon(self, pair: _Pair, before: timedelta) -> bool:
        begins, ends = pair.certificate.not_valid_before_utc, pair.certificate.not_valid_after_utc
        return not begins <= self._clock() <= ends - before

    def _serves(self, server: _Pair | None, authority: _Pair) -> bool:
        if server is None or self._ends_soon(server, RENEW_BEFORE):
            return False
        try:
            server.certificate.verify_directly_issued_by(authority.certificate)
            held = server.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            return False
        return set(held) == set(_alternatives(self._names))

    def _make_authority(self) -> _Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        # Two labs' CAs in one browser must be told apart, so each has a word of its own.
        name = _name(f"netlab lab CA {secrets.token_hex(3)}")
        builder = (
            self._begin(name, name, key, AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        return _Pair(key, builder.sign(key, hashes.SHA256()))

    def _make_server(self, authority: _Pair) -> _Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        public = authority.key.public_key()
        builder = (
            self._begin(_name("netlab servers"), authority.certificate.subject, key, SERVER_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(_alternatives(self._names)), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        )
        return _Pair(key, builder.sign(authority.key, hashes.SHA256()))

    def _begin(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, life: timedelta
    ) -> x509.CertificateBuilder:
        now = self._clock()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - LEEWAY)
            .not_valid_after(now - LEEWAY + life)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(names: Iterable[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(_alternative(name))
        except (ValueError, UnicodeError):
            log.warning("%r is no host name: it is left out of the certificate", name)
    return list(dict.fromkeys(found))


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.lower().encode("idna").decode())


def _read(path: Path) -> _Pair | None:
    try:
        raw = path.read_bytes()
        key = serialization.load_pem_private_key(raw, None)
        certificate = x509.load_pem_x509_certificate(raw)
    except (OSError, ValueError, TypeError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
        return None
    return _Pair(key, certificate)


def _write(path: Path, raw: bytes, mode: int = 0o600) -> None:
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
