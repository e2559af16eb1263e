#!/usr/bin/env bash
# The status page in a real browser. Needs cargo, node and npm; installs chromium
# where there is none. BUILT names the folder of the programs, if they are
# already built.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
if [ -z "${BUILT:-}" ]; then
    cargo build --locked --all-features --bin planguard --example gateway
    BUILT=${CARGO_TARGET_DIR:-$root/target}/debug
fi
command -v chromium >/dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends chromium; }
modules="$root/target/clients/page"
mkdir -p "$modules"
cp package.json package-lock.json page.test.js "$modules"
cd "$modules"
npm ci --no-audit --no-fund --silent
BUILT="$BUILT" node --test page.test.js
