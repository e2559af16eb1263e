#!/usr/bin/env bash
# Counts instructions and allocations of the hot paths, and fails when a path
# is over its ceiling (its budget, where that is met). Arguments go to the
# counter: `--json`, or row names.
set -euo pipefail
cd "$(dirname "$0")/instructions"

if ! command -v valgrind >/dev/null; then
    echo "budgets: valgrind is missing, and nothing is counted without it (package \`valgrind\`)" >&2
    exit 2
fi

# The cfg opens the doors of src/breaker/bench.rs. Setting RUSTFLAGS also keeps
# a `target-cpu=native` of the caller out of the figures.
export RUSTFLAGS="--cfg planguard_bench"
exec cargo run --quiet --release -- "$@"
