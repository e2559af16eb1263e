#!/usr/bin/env bash
# The status page in a real browser. Needs the gateway and the operator's tool,
# built (BUILT names where, target/debug by default), node and npm; installs
# chromium where there is none.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
command -v chromium >/dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends chromium; }
modules="$root/target/clients/page"
mkdir -p "$modules"
cp package.json package-lock.json page.test.js "$modules"
cd "$modules"
npm ci --no-audit --no-fund --silent
BUILT="${BUILT:-$root/target/debug}" node --test page.test.js
