#!/bin/sh
# Run progval/irctest against the lab's IRC server; docs/irctest.md says where to get it and what was reached.
# usage: irctest.sh [pytest's arguments]      IRCTEST names the folder of irctest's source, PYTHON netlab's python.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
suite=${IRCTEST:?set IRCTEST to the folder with the source of irctest}
python=${PYTHON:-$here/.venv/bin/python}
cd "$suite"
PYTHONPATH="$here:$suite" exec "$python" -m pytest --controller tests.acceptance.irctest_controller \
    -p no:django -p no:cacheprovider -q \
    -m 'not implementation-specific and not deprecated and not strict' "$@"
