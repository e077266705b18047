"""A lab goes into one file and comes out of it on another machine (here: another data folder)."""

from __future__ import annotations

import fcntl
import io
import os
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILL = """
from accounts.models import Login, Server, User
from accounts.provision import demo, provision_all
Server.objects.create(protocol="imap", name="Lab", host="localhost", address="127.0.0.1", port=1, lab=True)
demo()
login = Login.objects.get(person__username="ann"); login.secret = "blue house"; login.save()
"""
LOOK = """
from accounts.models import Login, User
names = sorted(User.objects.values_list("username", flat=True))
print("|".join(names), Login.objects.get(person__username="ann").secret)
"""


def manage(data: Path, *arguments: str, code: int = 0) -> str:
    keep = {
        k: v for k, v in os.environ.items() if not k.startswith(("NETLAB", "DJANGO", "DATABASE", "REDIS"))
    }
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env={**keep, "NETLAB_DATA": str(data), "NETLAB_DEMO": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory) -> tuple[Path, Path]:
    """A lab's data folder and the backup of it."""
    folder = tmp_path_factory.mktemp("backup")
    data, file = folder / "data", folder / "lab.tar.gz"
    manage(data, "migrate", "-v0")
    manage(data, "shell", "-v0", "-c", FILL)
    (data / "mail/1/cur").mkdir(parents=True)
    (data / "mail/1/new").mkdir()
    (data / "mail/1/cur/1700000000.M1.lab:2,S").write_bytes(b"Subject: hello\r\n\r\nHello\r\n")
    os.utime(data / "mail/1/cur/1700000000.M1.lab:2,S", (1_700_000_000, 1_700_000_000))
    (data / "mail/1/.Archive/cur").mkdir(parents=True)  # IMAP's COPY: one file with two names
    os.link(data / "mail/1/cur/1700000000.M1.lab:2,S", data / "mail/1/.Archive/cur/1700000000.M1.lab:2,S")
    (data / "files/1/sub").mkdir(parents=True)
    (data / "files/1/Bài tập.txt").write_text("hello")
    (data / "letters").mkdir()
    (data / "letters/photo.jpg").write_bytes(bytes(range(256)))
    (data / "static").mkdir(exist_ok=True)
    (data / "static/shell.css").write_text("left out: made anew")
    manage(data, "backup", str(file))
    return data, file


def test_a_lab_comes_back_whole_in_another_folder(backed_up, tmp_path):
    _, file = backed_up
    other = tmp_path / "other"
    told = manage(other, "restore", str(file))
    assert "the lab is back" in told
    assert manage(other, "shell", "-v0", "-c", LOOK).split("\n")[0] == "admin|ann|ben|friend|tom blue house"
    letter = other / "mail/1/cur/1700000000.M1.lab:2,S"
    assert letter.read_bytes() == b"Subject: hello\r\n\r\nHello\r\n"
    assert letter.stat().st_mtime == 1_700_000_000
    assert (other / "mail/1/.Archive/cur" / letter.name).read_bytes() == letter.read_bytes()
    assert (other / "mail/1/new").is_dir()
    assert (other / "files/1/Bài tập.txt").read_text() == "hello" and (other / "files/1/sub").is_dir()
    assert (other / "letters/photo.jpg").read_bytes() == bytes(range(256))
    assert (other / "keys/site").read_bytes() == (backed_up[0] / "keys/site").read_bytes()
    assert not (other / "static").exists()
    assert not list(other.glob("restore-*"))


def test_a_backup_is_for_its_owner_only_and_never_written_over(backed_up):
    data, file = backed_up
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert "is there already" in manage(data, "backup", str(file), code=1)
    assert file.read_bytes() == before


def test_a_lab_that_is_there_is_not_overwritten(backed_up):
    data, file = backed_up
    before = (data / "netlab.sqlite3").read_bytes()
    assert "there is a lab already" in manage(data, "restore", str(file), code=1)
    assert (data / "netlab.sqlite3").read_bytes() == before


def test_a_running_lab_is_not_backed_up_by_halves(backed_up, tmp_path):
    data, _ = backed_up
    with (data / "lab.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "a lab runs on" in manage(data, "backup", str(tmp_path / "new.tar.gz"), code=3)
    assert not (tmp_path / "new.tar.gz").exists()


def test_half_a_file_is_refused_and_changes_nothing(backed_up, tmp_path):
    half = tmp_path / "half.tar.gz"
    whole = backed_up[1].read_bytes()
    half.write_bytes(whole[: len(whole) // 2])
    assert "no whole backup" in manage(tmp_path / "data", "restore", str(half), code=1)
    assert not (tmp_path / "data/netlab.sqlite3").exists()
    assert not (tmp_path / "data/mail").exists()


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "mail/../../evil", "netlab.sqlite3", "keys"])
def test_a_file_that_would_write_elsewhere_is_refused(tmp_path, name):
    bad = tmp_path / "bad.tar.gz"
    with tarfile.open(bad, "w:gz") as box:
        member = tarfile.TarInfo(name)
        member.size = 4
        box.addfile(member, io.BytesIO(b"evil"))
    assert "no whole backup" in manage(tmp_path / "data", "restore", str(bad), code=1)
    assert not (tmp_path / "evil").exists()


def test_a_link_in_a_backup_is_refused(tmp_path):
    bad = tmp_path / "bad.tar.gz"
    with tarfile.open(bad, "w:gz") as box:
        member = tarfile.TarInfo("mail/link")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc"
        box.addfile(member)
    assert "no whole backup" in manage(tmp_path / "data", "restore", str(bad), code=1)


def test_a_letter_with_two_names_in_an_older_backup_is_restored_under_both(backed_up, tmp_path):
    old = tmp_path / "old.tar.gz"
    with tarfile.open(backed_up[1], "r:gz") as box, tarfile.open(old, "w:gz") as target:
        for member in box:
            if member.name.startswith("mail/1/cur/"):
                member.type, member.linkname, member.size = (
                    tarfile.LNKTYPE,
                    "mail/1/.Archive/cur/1700000000.M1.lab:2,S",
                    0,
                )
            target.addfile(member, box.extractfile(member) if member.isreg() else None)
    manage(tmp_path / "data", "restore", str(old))
    assert (tmp_path / "data/mail/1/cur/1700000000.M1.lab:2,S").read_bytes().endswith(b"Hello\r\n")


def test_a_second_name_of_what_is_not_in_the_backup_is_refused(tmp_path):
    bad = tmp_path / "bad.tar.gz"
    with tarfile.open(bad, "w:gz") as box:
        member = tarfile.TarInfo("mail/link")
        member.type, member.linkname = tarfile.LNKTYPE, "/etc/hostname"
        box.addfile(member)
    assert "no whole backup" in manage(tmp_path / "data", "restore", str(bad), code=1)
