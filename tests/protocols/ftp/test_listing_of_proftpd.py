"""The listings of a server that nobody here wrote."""

from __future__ import annotations

import subprocess

import pytest

from protocols.ftp.listing import Listing
from tests.conftest import need


@pytest.mark.parametrize("way", ["plain", "auth", "tls"])
def test_proftpds_listings_are_read(proftpd, tmp_path, way):
    (proftpd.home / "Bài tập  1.txt").write_bytes(b"12345")
    (proftpd.home / "sub").mkdir()
    (proftpd.home / "link").symlink_to("sub")
    (tmp_path / "ca.pem").write_text(proftpd.pem)
    where = f"ftps://localhost:{proftpd.tls_port}/" if way == "tls" else f"ftp://localhost:{proftpd.port}/"
    known = ["--cacert", tmp_path / "ca.pem", *(["--ssl-reqd"] if way == "auth" else [])]
    for how in ("LIST", "MLSD"):
        command = [need("curl"), "-sS", *known, "--user", f"{proftpd.user}:{proftpd.password}", where]
        told = subprocess.run(
            [*command, "--request", how], capture_output=True, timeout=20, check=True
        ).stdout
        listing = Listing(how)
        entries = {entry.name: entry for entry in listing.feed(told) + listing.close() if entry.usable}
        assert {name: entry.kind for name, entry in entries.items()} == {
            "Bài tập  1.txt": "file", "sub": "dir", "link": "link",
        }, told  # fmt: skip
        assert entries["Bài tập  1.txt"].size == 5 and entries["sub"].mode == "rwxr-xr-x"
