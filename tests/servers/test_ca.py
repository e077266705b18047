"""The lab's CA: made once, renewed in time, trusted by clients, its keys for nobody's eyes."""

from __future__ import annotations

import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from servers.tls import Authority, names_of

NAMES = names_of("lab.test", ["www.example.com"], "192.0.2.7")


class Clock:
    def __init__(self):
        self.now = datetime.now(UTC)

    def __call__(self):
        return self.now


def certificate(folder):
    return x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())


def test_every_name_of_the_lab_is_in_the_certificate(tmp_path):
    Authority(tmp_path, NAMES)
    held = certificate(tmp_path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "lab.test", "www.example.com"} <= set(held.get_values_for_type(x509.DNSName))
    assert {"127.0.0.1", "::1", "192.0.2.7"} == {str(ip) for ip in held.get_values_for_type(x509.IPAddress)}


def test_private_keys_are_for_their_owner_only(tmp_path):
    Authority(tmp_path / "ca", NAMES)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "ca").iterdir()}
    assert modes == {"authority.pem": 0o600, "server.pem": 0o600, "ca.pem": 0o644}
    assert b"PRIVATE" not in (tmp_path / "ca" / "ca.pem").read_bytes()


def test_openssl_verifies_the_chain_strictly(tmp_path):
    Authority(tmp_path, NAMES)
    asked = [
        "openssl",
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-verify_hostname",
        "www.example.com",
    ]
    done = subprocess.run(
        [*asked, "-CAfile", tmp_path / "ca.pem", tmp_path / "server.pem"], capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_a_second_start_makes_nothing_new(tmp_path):
    first = Authority(tmp_path, NAMES).pem
    before = (tmp_path / "server.pem").read_bytes()
    assert Authority(tmp_path, NAMES).pem == first
    assert (tmp_path / "server.pem").read_bytes() == before


def test_the_certificate_is_renewed_before_it_ends_and_the_ca_stays(tmp_path):
    clock = Clock()
    authority = Authority(tmp_path, NAMES, clock)
    pem, serial = authority.pem, certificate(tmp_path).serial_number
    clock.now += timedelta(days=300)
    assert not authority.renew()
    clock.now += timedelta(days=80)
    assert authority.renew()
    assert authority.pem == pem
    assert certificate(tmp_path).serial_number != serial
    assert certificate(tmp_path).not_valid_after_utc > clock.now + timedelta(days=390)


def test_the_ca_is_renewed_while_it_still_outlives_a_certificate(tmp_path):
    clock = Clock()
    authority = Authority(tmp_path, NAMES, clock)
    pem = authority.pem
    clock.now += timedelta(days=3650 - 420)
    assert authority.renew()
    assert authority.pem != pem


def test_a_certificate_that_expired_while_the_lab_was_off_is_renewed_at_the_start(tmp_path):
    clock = Clock()
    Authority(tmp_path, NAMES, clock)
    clock.now += timedelta(days=20 * 365)
    assert Authority(tmp_path, NAMES, clock).pem
    assert (
        certificate(tmp_path).not_valid_before_utc <= clock.now <= certificate(tmp_path).not_valid_after_utc
    )


def test_another_name_gives_another_certificate(tmp_path):
    authority = Authority(tmp_path, NAMES)
    assert authority.renew(names_of("lab.test", ["mail.example.org"]))
    assert not authority.renew(names_of("lab.test", ["mail.example.org"]))
    assert authority.renew(names_of("other.test"))


@pytest.mark.parametrize("file", ["authority.pem", "server.pem"])
@pytest.mark.parametrize(
    "content", [None, b"", b"rubbish", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_lost_or_broken_file_is_made_anew(tmp_path, file, content):
    Authority(tmp_path, NAMES)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content)
    authority = Authority(tmp_path, NAMES)
    assert ssl.create_default_context(cadata=authority.pem)
    assert authority.context.get_ca_certs() == []


def test_a_name_that_is_none_is_left_out(tmp_path):
    authority = Authority(tmp_path, ["localhost", "bad..name", "x" * 70, "ví-dụ.test"])
    held = certificate(tmp_path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert held.get_values_for_type(x509.DNSName) == ["localhost", "xn--v-d-oja7532b.test"] or len(held) == 2
    assert not authority.renew()


def test_running_servers_show_a_renewed_certificate_to_new_clients(mail_lab):
    def shown():
        return ssl.get_server_certificate(("127.0.0.1", mail_lab.ports.smtps))

    before = shown()
    authority = mail_lab.running.authority
    authority._clock = lambda: datetime.now(UTC) + timedelta(days=380)
    assert mail_lab.do(mail_lab.running.renew())
    assert shown() != before
