#!/bin/sh
# Makes .venv from the lock, or leaves it alone when it is whole and not older than the lock. Called by the Makefile.
#
#   sh scripts/venv.sh [PYTHON]
#
# .venv/ready is written last and holds the folder: a set-up that was interrupted, or a checkout that was moved, is made
# anew by the next call.
set -eu

ready=.venv/ready
whole() {
    [ -x .venv/bin/python ] && [ -f $ready ] && [ ! requirements.txt -nt $ready ] && [ "$(cat $ready)" = "$PWD" ]
}
whole && exit 0

# One set-up at a time: the second waits for the first and then finds its work done.
mkdir -p .cache
if command -v flock >/dev/null 2>&1; then
    exec 9>.cache/setup.lock
    flock 9
    whole && exit 0
fi

problem=
suits() {
    version=$("$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || return 1
    if ! "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        problem=${problem:-"$1 is Python $version, too old. Install Python 3.11 or newer with its venv module"}
        return 1
    fi
    if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        problem=${problem:-"$1 has no venv module. Install python${version%.*}-venv"}
        return 1
    fi
}

[ -n "${1:-}" ] || set -- python3 python3.13 python3.12 python3.11
python=
for candidate in "$@"; do
    if suits "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    problem=${problem:-"there is no $1 here. Install Python 3.11 or newer with its venv module"}
    echo "InFlux: $problem (Debian and Ubuntu: apt install python3 python3-venv; macOS: brew install python)." >&2
    exit 1
fi

echo "InFlux: making .venv with Python $version, once; this takes a minute or two."
rm -f $ready
"$python" -m venv --clear .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check uv
.venv/bin/python -m uv pip install --quiet --python .venv/bin/python --require-hashes --compile-bytecode -r requirements.txt
.venv/bin/python -m uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
# The list of fonts is made now, not in the first figure of the first report.
.venv/bin/python -c 'import matplotlib.font_manager' 2>/dev/null
printf '%s' "$PWD" >$ready
