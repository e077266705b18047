"""Programs that tests talk to. CI=true makes a missing one a failure, never a skip."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def need(program: str) -> str:
    """Return the path of ``program``; without it fail where CI=true, else skip and say what was left out."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin:/sbin")
    return path or left_out(f"{program} is not installed: `make test` installs it where it may")


def left_out(why: str) -> NoReturn:
    """Fail where CI=true, else skip, saying ``why``."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
