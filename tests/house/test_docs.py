"""What the documents say is held against the code."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "chat",
    "netlab",
    "webmail",
    "webftp",
    "console",
    "browser",
    "reference",
    "transcripts",
    "accounts",
    "protocols",
    "servers",
)


def sources() -> list[Path]:
    return [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]


def test_every_environment_variable_of_the_code_stands_in_the_table_of_settings_and_none_besides():
    read = set()
    for path in sources():
        read |= set(re.findall(r'environ(?:\.get\(|\[)"([A-Z0-9_]+)"', path.read_text()))
    told = set(re.findall(r"^\| `([A-Z0-9_]+)`", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))
    assert read - {"PATH", "DJANGO_SETTINGS_MODULE", "TERM", "HOME"} == told


def test_every_folder_of_the_root_stands_in_the_architecture():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in listed.splitlines() if "/" in line and not line.startswith(".")}
    told = set(re.findall(r"`([a-z]+)/`", (ROOT / "ARCHITECTURE.md").read_text()))
    assert folders <= told


def test_no_room_opens_a_socket_of_its_own():
    allowed = {ROOT / "protocols" / f"{name}.py" for name in ("tap", "stream", "data", "flow")}
    for path in sources():
        if path in allowed or path.is_relative_to(ROOT / "servers"):
            continue
        text = path.read_text()
        found = re.search(r"^\s*(?:import|from) (?:socket|ssl)\b", text, re.MULTILINE)
        assert not found or ("protocols" in path.parts and "client" in path.name), path


def test_protocols_know_no_django():
    for path in (ROOT / "protocols").rglob("*.py"):
        assert not re.search(
            r"^\s*(?:import|from) (?:django|channels|celery)\b", path.read_text(), re.MULTILINE
        ), path
