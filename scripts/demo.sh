#!/usr/bin/env bash
# Builds hgq and shows what it does: trains a network for an FPGA on real data, converts it, and checks the result bit by bit.
# From a fresh clone on Debian 12 or Ubuntu 24.04; a second call reuses the build.
#   scripts/demo.sh [--no-install]
# --no-install   installs no packages, and fails with the list of what is missing
set -euo pipefail
cd "$(dirname "$0")/.."

setup=()
for argument in "$@"; do
  case $argument in
    --no-install) setup+=(--no-install) ;;
    *) echo "demo.sh: unknown argument '$argument' (known: --no-install)" >&2; exit 2 ;;
  esac
done

scripts/setup.sh "${setup[@]}"
cmake --preset release
cmake --build --preset release --target hgq-train

# Earlier runs are kept.
run=runs/demo
number=1
while [[ -e $run ]]; do run=runs/demo-$((++number)); done

heading() { printf '\n== %s\n' "$*"; }
heading "Training, ranges, proxy, check: hgq-train apps/configs/demo.yaml --out $run"
build/bin/hgq-train apps/configs/demo.yaml --out "$run"

heading "The network as trained last: hgq-train summary $run/model.h5"
build/bin/hgq-train summary "$run/model.h5"

heading "Accuracy against logic along the run: $run/pareto/pareto.csv (each row a model that no other one beats)"
# About ten of the rows, with the names of the columns.
awk -F, 'NR == FNR { rows = NR - 1; next }
  FNR == 1 || (FNR - 2) % (int(rows / 10) + 1) == 0 { for (i = 1; i <= NF; ++i) printf "%-20s", $i; print "" }' \
  "$run/pareto/pareto.csv" "$run/pareto/pareto.csv"

heading "The network as Verilog, with estimates: hgq-train rtl $run/proxy.h5 --out $run/rtl --stage-delay 3"
build/bin/hgq-train rtl "$run/proxy.h5" --out "$run/rtl" --stage-delay 3 --data data/samples/magic.h5 --inputs x_test
if command -v verilator >/dev/null || command -v iverilog >/dev/null; then
  heading "Simulated on all test rows: hgq-train verify $run/rtl --data data/samples/magic.h5 --inputs x_test"
  build/bin/hgq-train verify "$run/rtl" --data data/samples/magic.h5 --inputs x_test
else
  echo "(scripts/setup.sh --rtl installs what simulates and synthesizes it)"
fi

heading "Files"
find "$run" -maxdepth 1 -type f -printf '%8s bytes  %p\n' | sort -k3
