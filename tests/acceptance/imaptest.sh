#!/bin/sh
# Run Dovecot's imaptest (its scripted groups) against an IMAP server; docs/imaptest.md says where to get it.
# usage: imaptest.sh HOST PORT USER PASSWORD [SECONDS of stress after the scripts]
# IMAPTEST names the program (default: on the PATH), IMAPTEST_TESTS the folder of its scripts (src/tests of its source).
# The mailboxes imaptest, imaptest2 ... of that user are made and deleted: give it a person of its own.
set -eu
if [ $# -lt 4 ]; then
    sed -n '2,5s/^# //p' "$0"
    exit 2
fi
program=${IMAPTEST:-imaptest}
scripts=${IMAPTEST_TESTS:?set IMAPTEST_TESTS to the folder with imaptest\'s scripts}
command -v "$program" >/dev/null || { echo "$program is not there: docs/imaptest.md says where to get it"; exit 2; }
report=$(mktemp)
trap 'rm -f "$report"' EXIT
"$program" host="$1" port="$2" user="$3" pass="$4" test="$scripts" mbox="$scripts/default.mbox" | tee "$report"
if [ $# -ge 5 ]; then
    "$program" host="$1" port="$2" user="$3" pass="$4" mbox="$scripts/default.mbox" clients=8 msgs=50 secs="$5" 2>&1 |
        tee -a "$report"
fi
# imaptest ends with 0 whatever it found: its report says it
if ! grep -q '^base protocol: 0/' "$report" || grep -q '^Error' "$report"; then
    echo "imaptest found failures"
    exit 1
fi
