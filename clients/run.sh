#!/usr/bin/env bash
# The SDKs that programs really use, through the gateway, against the
# simulated provider. From anywhere: bash clients/run.sh
#
# Needs cargo, Node 20 or later with npm, python3, PyPI and npm; installs inside target/.
# PLANGUARD_EXAMPLES names the folder of `gateway` and `simulator`, if they are
# already built.
#
# The agents in clients/agents are not run here: they take a quarter of an hour
# and several hundred megabytes. `python3 clients/agents/run.py` runs them.
set -euo pipefail
cd "$(dirname "$0")/.."

installed=$PWD/target/clients
mkdir -p "$installed/sdks"

if [ -z "${PLANGUARD_EXAMPLES:-}" ]; then
    # With the features that the tests are built with, so that nothing is built twice.
    cargo build --locked --all-features --example gateway --example simulator
    export PLANGUARD_EXAMPLES=${CARGO_TARGET_DIR:-target}/debug/examples
fi

apt_install() {
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    $sudo apt-get install -y -qq --no-install-recommends "$@"
}

python3 -c "import ensurepip, venv" 2>/dev/null || apt_install python3-venv
[ -x "$installed/python/bin/pip" ] || python3 -m venv --clear "$installed/python"
"$installed/python/bin/pip" install -q -r clients/sdks/python/requirements.txt

command -v npm >/dev/null || apt_install nodejs npm
cp clients/sdks/node/package.json clients/sdks/node/package-lock.json "$installed/sdks/"
npm ci --prefix "$installed/sdks" --ignore-scripts --no-audit --no-fund

failed=0
"$installed/python/bin/python" -m unittest -v clients/sdks/python/test_sdks.py || failed=1
PLANGUARD_SDKS=$installed/sdks node --test clients/sdks/node/sdks.test.mjs || failed=1
exit "$failed"
