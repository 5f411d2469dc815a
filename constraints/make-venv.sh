#!/bin/sh
# usage: make-venv.sh DIRECTORY FLAVOUR
# Makes the virtual environment, or makes it anew where it is broken or holds the other flavour of torch. PYTHON names the interpreter.
set -eu
venv=$1 flavour=$2 python=${PYTHON:-python3}

say() { echo "make: $*" >&2; }

if ! command -v "$python" >/dev/null 2>&1; then
    say "no $python here; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3.12"
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "$python is $("$python" -V 2>&1), and tierbench needs 3.11 or newer; name one: make PYTHON=python3.12"
    exit 1
fi
if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import pip' 2>/dev/null \
    && [ "$(cat "$venv/.flavour" 2>/dev/null || echo "$flavour")" = "$flavour" ]; then
    exit 0
fi
if ! "$python" -m venv --clear "$venv"; then
    say "$python cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv"
    rm -rf "$venv"
    exit 1
fi
echo "$flavour" >"$venv/.flavour"
