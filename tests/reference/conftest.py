"""The reference is looked at in the browser beside the console, which it leads to."""

from tests.chromium import chromium, tab  # noqa: F401
from tests.console.conftest import lab  # noqa: F401
