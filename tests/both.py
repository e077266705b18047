"""``python -m tests.both``: the tests on SQLite and, beside them, those that touch the database on PostgreSQL.

Most of a test is waiting, so the two share the machine's processors well. What the second one says comes after the
first one's report.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time


def main() -> int:
    """Run both; return 0 where both passed."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        command = [sys.executable, "-m", "tests.postgres"]
        other = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        try:
            first = subprocess.run([sys.executable, "-m", "pytest"]).returncode
            between = time.monotonic()
            print("\nOn PostgreSQL:", flush=True)
            second = other.wait()
        finally:
            if other.poll() is None:
                other.terminate()
                other.wait(30)
        said.seek(0)
        sys.stdout.write(said.read())
    print(f"SQLite {between - began:.0f} s, both {time.monotonic() - began:.0f} s")
    return first or second


if __name__ == "__main__":
    raise SystemExit(main())
