#!/usr/bin/env bash
# Install the Debian packages (named as arguments) that the tests talk to and that are missing, where we may.
# Where we may not, say what is left out; the tests then skip it (or fail, with CI=true).
set -u
missing=()
for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ]; then as=(); elif sudo -n true 2>/dev/null; then as=(sudo -n); else
    echo "Left out, for want of the right to install: ${missing[*]}"
    exit 0
fi
command -v apt-get >/dev/null || { echo "Left out, for want of apt-get: ${missing[*]}"; exit 0; }
echo "Installing ${missing[*]}"
install=(env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends)
"${as[@]}" apt-get update -qq >/dev/null
"${as[@]}" "${install[@]}" "${missing[@]}" >/dev/null || echo "Left out, for apt-get failed: ${missing[*]}"
