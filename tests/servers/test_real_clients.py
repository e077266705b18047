"""Programs that people use, against the lab's servers: swaks, curl, s-nail, mutt, fetchmail."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.conftest import need

LETTER = "From: ann@lab.test\r\nTo: ben@lab.test\r\nSubject: by curl\r\n\r\nhello\r\n.dot\r\n"


def run(*words, home, text="", **environment):
    """Run a program in an empty home; its output, its exit code being 0."""
    need(words[0])
    done = subprocess.run(
        [str(word) for word in words],
        input=text.encode(),
        capture_output=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", **environment},
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")
    return done.stdout.decode(errors="replace")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks_signs_in_and_sends(mail_lab, tmp_path, mechanism):
    said = run(
        "swaks", "--server", f"localhost:{mail_lab.ports.smtp}",
        "--from", "ann@lab.test", "--to", "ben@lab.test",
        "--auth", mechanism,
        "--auth-user", "ann", "--auth-password", mail_lab.passwords["ann"], home=tmp_path,
    )  # fmt: skip
    assert "235 2.7.0" in said
    assert b"test" in mail_lab.inbox("ben")[0]


def test_swaks_sends_without_signing_in_pipelined(mail_lab, tmp_path):
    run(
        "swaks", "--server", f"127.0.0.1:{mail_lab.ports.smtp}", "--from", "out@elsewhere.example",
        "--to", "ben@lab.test", "--pipeline", home=tmp_path,
    )  # fmt: skip
    assert len(mail_lab.inbox("ben")) == 1


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_curl_sends(mail_lab, tmp_path, scheme):
    (tmp_path / "letter").write_bytes(LETTER.encode())
    run(
        "curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", mail_lab.ca_file,
        f"{scheme}://localhost:{getattr(mail_lab.ports, scheme)}",
        "--user", f"ann:{mail_lab.passwords['ann']}",
        "--mail-from", "ann@lab.test", "--mail-rcpt", "ben@lab.test", "--upload-file", tmp_path / "letter",
        home=tmp_path,
    )  # fmt: skip
    assert mail_lab.inbox("ben")[0].endswith(LETTER.encode())


@pytest.mark.parametrize("scheme", ["pop3", "pop3s"])
def test_curl_reads_by_pop3(mail_lab, tmp_path, scheme):
    test_curl_sends(mail_lab, tmp_path, "smtp")
    heard = run(
        "curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", mail_lab.ca_file,
        f"{scheme}://localhost:{getattr(mail_lab.ports, scheme)}/1",
        "--user", f"ben:{mail_lab.passwords['ben']}",
        home=tmp_path,
    )  # fmt: skip
    assert heard.encode().endswith(b"hello\r\n.dot\r\n") or heard.endswith("hello\n.dot\n")


def test_s_nail_sends_with_starttls(mail_lab, tmp_path):
    password = mail_lab.passwords["ann"].replace(" ", "%20")
    run(
        "s-nail", "-:/", "-Sv15-compat", "-Ssendwait", "-S", f"tls-ca-file={mail_lab.ca_file}",
        "-S", "tls-ca-no-defaults", "-S", "smtp-use-starttls", "-S", "smtp-auth=login",
        "-S", "from=ann@lab.test",
        "-S", f"mta=smtp://ann:{password}@localhost:{mail_lab.ports.smtp}", "-s", "by s-nail", "ben@lab.test",
        home=tmp_path, text="Xin chào\n",
    )  # fmt: skip
    assert b"Subject: by s-nail" in mail_lab.inbox("ben")[0]


def test_mutt_sends_an_attachment(mail_lab, tmp_path):
    (tmp_path / "picture.bin").write_bytes(bytes(range(256)) * 40)
    settings = {
        "smtp_url": f"smtp://ann@localhost:{mail_lab.ports.smtp}/",
        "smtp_pass": mail_lab.passwords["ann"],
        "ssl_starttls": "yes",
        "ssl_force_tls": "yes",
        "certificate_file": mail_lab.ca_file,
        "from": "ann@lab.test",
        "use_from": "yes",
        "copy": "no",
    }
    config = tmp_path / "muttrc"
    config.write_text("".join(f'set {name}="{value}"\n' for name, value in settings.items()))
    run(
        "mutt", "-n", "-F", config, "-s", "by mutt", "-a", tmp_path / "picture.bin", "--", "ben@lab.test",
        home=tmp_path, text="see the picture\n",
    )  # fmt: skip
    assert b"picture.bin" in mail_lab.inbox("ben")[0]


@pytest.mark.parametrize("way", ["stls", "tls", "apop"])
def test_fetchmail_fetches_by_pop3(mail_lab, tmp_path, way):
    test_swaks_sends_without_signing_in_pipelined(mail_lab, tmp_path)
    port = mail_lab.ports.pop3s if way == "tls" else mail_lab.ports.pop3
    safe = f"sslcertck sslcertfile {mail_lab.ca_file}"
    options = {"stls": f"sslproto tls1.2+ {safe}", "tls": f"ssl {safe}", "apop": "sslproto ''"}[way]
    protocol = "apop" if way == "apop" else "pop3"
    config = tmp_path / "fetchmailrc"
    config.write_text(
        f'poll localhost service {port} proto {protocol} user ben password "{mail_lab.passwords["ben"]}"'
        f' fetchall {options} mda "cat >> {tmp_path}/fetched"\n'
    )
    config.chmod(0o600)
    run("fetchmail", "-f", config, "--nosyslog", "--pidfile", tmp_path / "pid", home=tmp_path)
    assert b"out@elsewhere.example" in (tmp_path / "fetched").read_bytes()
    assert mail_lab.inbox("ben") == []


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
def test_curl_reads_by_imap(mail_lab, tmp_path, scheme):
    test_curl_sends(mail_lab, tmp_path, "smtp")
    heard = run(
        "curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", mail_lab.ca_file,
        f"{scheme}://localhost:{getattr(mail_lab.ports, scheme)}/INBOX;UID=1",
        "--user", f"ben:{mail_lab.passwords['ben']}", home=tmp_path,
    )  # fmt: skip
    assert "Subject: by curl" in heard


def test_fetchmail_fetches_by_imap(mail_lab, tmp_path):
    test_swaks_sends_without_signing_in_pipelined(mail_lab, tmp_path)
    config = tmp_path / "fetchmailrc"
    config.write_text(
        f"poll localhost service {mail_lab.ports.imap} proto imap user ben"
        f' password "{mail_lab.passwords["ben"]}" fetchall sslproto tls1.2+ sslcertck'
        f' sslcertfile {mail_lab.ca_file} mda "cat >> {tmp_path}/fetched"\n'
    )
    config.chmod(0o600)
    run("fetchmail", "-f", config, "--nosyslog", "--pidfile", tmp_path / "pid", home=tmp_path)
    assert b"out@elsewhere.example" in (tmp_path / "fetched").read_bytes()


def test_s_nail_lists_by_imap(mail_lab, tmp_path):
    test_swaks_sends_without_signing_in_pipelined(mail_lab, tmp_path)
    password = mail_lab.passwords["ben"].replace(" ", "%20")
    heard = run(
        "s-nail", "-:/", "-Sv15-compat", "-S", f"tls-ca-file={mail_lab.ca_file}", "-S", "tls-ca-no-defaults",
        "-S", "imap-use-starttls", "-H", "-f", f"imap://ben:{password}@localhost:{mail_lab.ports.imap}/INBOX",
        home=tmp_path,
    )  # fmt: skip
    assert "out@elsewhere" in heard
