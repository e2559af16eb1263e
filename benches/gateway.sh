#!/usr/bin/env bash
# What the gateway costs beside a bare proxy. Arguments go to gateway_load.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --features gateway,reqwest \
    --example gateway --example simulator --example bare_proxy --example gateway_load
target/release/examples/gateway_load "$@"
