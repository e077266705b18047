"""Programs that people use, against the lab's FTP server and ProFTPD: tnftp, lftp, ncftp, curl, telnet.

Each goes through a relay, and every line that crossed must be known to the explainer, in both languages.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from protocols import catalog
from servers.ftp import samples
from tests.needs import need
from tests.servers.ftp.relay import Heard, explained, relay

RAW = hashlib.sha256(b"a file").digest() * 20_000


def digest(raw: bytes) -> str:
    """For comparing: the bytes themselves would fill pages."""
    return hashlib.sha256(raw).hexdigest()


@dataclass(frozen=True)
class Office:
    """A server as a program meets it: where, who signs in, where her files lie."""

    port: int
    tls_port: int
    user: str
    password: str
    home: Path
    ca: str
    relay: Callable[[], object]


@pytest.fixture(params=["the lab's own", "ProFTPD"])
def office(request, transactional_db, tmp_path) -> Office:
    if request.param == "ProFTPD":
        server = request.getfixturevalue("proftpd")
        (tmp_path / "proftpd.pem").write_text(server.pem)
        found = (
            server.port,
            server.tls_port,
            server.user,
            server.password,
            server.home,
            str(tmp_path / "proftpd.pem"),
        )
    else:
        lab = request.getfixturevalue("mail_lab")
        home = request.getfixturevalue("home")("ann")
        home.mkdir(parents=True)
        found = (lab.ports.ftp, lab.ports.ftps, "ann", lab.passwords["ann"], home, lab.ca_file)
    for name, content in samples.contents().items():
        (found[4] / name).parent.mkdir(exist_ok=True)
        (found[4] / name).write_bytes(content)
    return Office(*found, lambda: _heard(found[0], found[3]))


@contextmanager
def _heard(port: int, password: str) -> Iterator[int]:
    with relay(port) as (door, heard):
        yield door
    check(heard, password)


def check(heard: Heard, password: str) -> None:
    """Something was said, each line of it is explained, and the password is nowhere."""
    told = [pair for turns in heard for pair in explained(turns)]
    assert len(told) > 5
    for line, note in told:
        assert note.known, (line.raw, note)
        assert password.encode() not in line.raw
        for one in (note, *note.details):
            assert catalog.say(one, "en") and catalog.say(one, "vi"), one


def run(*words, home, text: str = "", code: int = 0) -> str:
    done = subprocess.run(
        [need(str(words[0])), *(str(word) for word in words[1:])],
        input=text.encode(), capture_output=True, timeout=60, cwd=home,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "dumb"},
    )  # fmt: skip
    told = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == code, told
    return told


@pytest.fixture
def desk(tmp_path) -> Path:
    """An empty folder of the client's own, with a file to send."""
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "report").write_bytes(RAW)
    return tmp_path / "desk"


def test_the_courses_session_with_tnftp_as_anonymous(mail_lab, desk):
    typed = "user anonymous guest@example.com\ndir\nget project.dat\nmget *.dat\nquit\n"
    with relay(mail_lab.ports.ftp) as (port, heard):
        said = run("tnftp", "-n", "-i", "-v", "127.0.0.1", port, home=desk, text=typed)
    assert "220 FTP Server ready." in said and "230 User guest logged in." in said and "sendmail-7.5" in said
    for name in ("project.dat", "primes.dat", "random.dat"):
        assert digest((desk / name).read_bytes()) == digest(samples.contents()[name])
    check(heard, "guest@example.com")


@pytest.mark.parametrize("mode", ["passive", "active"])
def test_tnftp_brings_and_fetches(office, desk, mode):
    typed = [
        f'user {office.user} "{office.password}"', "binary", "pwd", "put report", "mkdir new", "cd new",
        "put report again", "ls",
        "cdup", "rename report moved", "mget *.dat", "size moved", "modtime moved", "ls lessons", "status",
        "chmod 644 moved", "features", "system", "rstatus", "remotehelp", "reget random.dat", "append report moved",
        "mdelete p*.dat", "delete new/again", "rmdir new", "quote SITE HELP", "quit", "",
    ]  # fmt: skip
    with office.relay() as port:
        how = "-A" if mode == "active" else "-p"
        run("tnftp", "-n", "-i", "-v", how, "127.0.0.1", port, home=desk, text="\n".join(typed))
    assert digest((office.home / "moved").read_bytes()) == digest(RAW + RAW)
    assert digest((desk / "random.dat").read_bytes()) == digest(samples.contents()["random.dat"])
    assert not (office.home / "new").exists() and not (office.home / "primes.dat").exists()


def test_lftp_mirrors_both_ways(office, desk):
    (desk / "up" / "Bài 1").mkdir(parents=True)
    (desk / "up" / "Bài 1" / "it's 100% so.txt").write_bytes(RAW)
    with office.relay() as port:
        script = (
            "set ftp:ssl-allow no; set net:max-retries 1; set net:timeout 20; set cmd:fail-exit yes;"
            f'open -u {office.user},"{office.password}" -p {port} 127.0.0.1;'
            "ls; cls -l; mirror -R up; mirror lessons down; get -c random.dat; mv up gone; chmod 755 gone; du;"
            "find gone; rm -r gone; quote STAT; quote HELP; mrm *.dat; bye"
        )
        run("lftp", "-c", script, home=desk)
    name = "Bài 1 - FTP.txt"
    assert digest((desk / "down" / name).read_bytes()) == digest(samples.contents()[f"lessons/{name}"])
    assert digest((desk / "random.dat").read_bytes()) == digest(samples.contents()["random.dat"])
    assert not (office.home / "gone").exists() and not list(office.home.glob("*.dat"))


@pytest.mark.parametrize("way", ["auth", "implicit"])
def test_lftp_brings_every_byte_inside_tls(office, desk, way):
    """Ten times, for what is lost when a client closes over unread words of the server's is lost now and then."""
    where = f"ftps://127.0.0.1:{office.tls_port}" if way == "implicit" else f"-p {office.port} 127.0.0.1"
    puts = "".join(f"put report -o report{number};" for number in range(10))
    script = (
        f"set ssl:ca-file {office.ca}; set ssl:check-hostname no; set ftp:ssl-force yes; set ftp:ssl-protect-data yes;"
        "set net:max-retries 1; set net:timeout 20; set cmd:fail-exit yes; set ftp:ssl-protect-list yes;"
        f'open -u {office.user},"{office.password}" {where}; {puts} ls; get random.dat; bye'
    )
    run("lftp", "-c", script, home=desk)
    assert {digest(path.read_bytes()) for path in office.home.glob("report*")} == {digest(RAW)}
    assert digest((desk / "random.dat").read_bytes()) == digest(samples.contents()["random.dat"])


@pytest.mark.parametrize("way", ["plain", "active", "auth", "implicit"])
def test_curl_brings_lists_and_goes_on(office, desk, way):
    scheme = "ftps" if way == "implicit" else "ftp"
    extra = {"plain": [], "active": ["--ftp-port", "-"], "auth": ["--ssl-reqd"], "implicit": []}[way]
    known = ["-sS", *extra, "--cacert", office.ca, "--user", f"{office.user}:{office.password}"]

    def session(port: int, host: str) -> None:
        base = f"{scheme}://{host}:{port}"
        run("curl", *known, "-T", "report", f"{base}/a/b/report", "--ftp-create-dirs", home=desk)
        assert "project.dat" in run("curl", *known, f"{base}/", home=desk)
        assert "project.dat" in run("curl", *known, "-l", f"{base}/", home=desk)
        run("curl", *known, "-r", "1000-1999", "-o", "part", f"{base}/a/b/report", home=desk)
        (desk / "whole").write_bytes(RAW[:5000])
        run("curl", *known, "-C", "-", "-o", "whole", f"{base}/a/b/report", home=desk)
        run("curl", *known, "-I", "-Q", "-DELE project.dat", f"{base}/innd", home=desk)

    if way in ("plain", "active"):
        with office.relay() as port:
            session(port, "127.0.0.1")
    else:
        session(office.tls_port if way == "implicit" else office.port, "localhost")
    assert digest((desk / "part").read_bytes()) == digest(RAW[1000:2000]) and digest(
        (desk / "whole").read_bytes()
    ) == digest(RAW)
    assert (
        digest((office.home / "a/b/report").read_bytes()) == digest(RAW)
        and not (office.home / "project.dat").exists()
    )


def test_ncftp_lists_fetches_and_brings(office, desk):
    with office.relay() as port:
        who = ["-u", office.user, "-p", office.password, "-P", port]
        assert "project.dat" in run("ncftpls", *who, "ftp://127.0.0.1/", home=desk)
        assert "project.dat" in run("ncftpls", *who, "-l", "ftp://127.0.0.1/", home=desk)
        run("ncftpput", *who, "-m", "127.0.0.1", "from", "report", home=desk)
        run("ncftpget", *who, "-R", "127.0.0.1", ".", "lessons", home=desk)
        run("ncftpget", *who, "127.0.0.1", ".", "project.dat", "random.dat", home=desk)
    assert digest((office.home / "from" / "report").read_bytes()) == digest(RAW)
    assert digest((desk / "random.dat").read_bytes()) == digest(samples.contents()["random.dat"])
    assert (desk / "lessons" / "Bài 1 - FTP.txt").exists()


def test_a_bare_telnet_speaks_ftp(mail_lab, tmp_path):
    words = ["USER anonymous", "PASS me@example.com", "SYST", "FEAT", "PWD", "CWD lessons", "CDUP", "STAT",
             "STAT lessons", "HELP", "HELP RETR", "MLST project.dat", "TYPE I", "SIZE project.dat", "MDTM project.dat",
             "LIST", "PASV", "XYZ", "NOOP", "REIN", "PWD", "QUIT"]  # fmt: skip
    with relay(mail_lab.ports.ftp) as (port, heard):
        program = subprocess.Popen(
            [need("telnet"), "127.0.0.1", str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(tmp_path)},
        )  # fmt: skip
        try:
            said = _until(program, b"220 ")
            for word in words:
                program.stdin.write(word.encode() + b"\n")
                program.stdin.flush()
                said += _until(program, b"")
            program.stdin.close()
            program.wait(10)
        finally:
            program.kill()
            program.wait()
            program.stdout.close()
    assert b"230 User guest logged in." in said and b"227 " in said and b"221 Goodbye." in said
    told = [(line.raw, note) for turns in heard for line, note in explained(turns)]
    assert [raw for raw, note in told if not note.known] == [b"XYZ"]


def _until(program: subprocess.Popen, begin: bytes) -> bytes:
    """What telnet shows up to the last line of a reply."""
    said = b""
    while line := program.stdout.readline():
        said += line
        if line[:3].isdigit() and line[3:4] == b" " and line.startswith(begin):
            break
    return said
