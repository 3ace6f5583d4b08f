#!/usr/bin/env python3
"""Fits the estimate of LUTs and flip-flops (rtl/estimate.cpp) to what yosys makes of circuits.

    bench_rtl_circuits --out DIR --random 40 PROXY.h5 ...
    fit_rtl_estimate.py DIR [--jobs 2]

Each circuit is synthesised by `synth_xilinx -family xcup -flatten -noiopad`; what is counted is LUT1 to LUT6, LUT6_2
and INV together, as ABC trades them for each other, and FD*; the result is kept in DIR/NAME.yosys.json. The fit minimises
the sum of relative errors. Its error on circuits that it has not seen is measured by fitting it five times without a fifth of the
designs each. Needs numpy and yosys.
"""
import argparse
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

import numpy as np

FEATURES = ('adder_bits', 'three_bits', 'mux_bits', 'gate_bits', 'comparison_bits', 'table_bits')
FOLDS = 5
PRIOR = 0.3


def synthesise(folder, entry, yosys):
    """LUTs, flip-flops and shift registers of a circuit."""
    kept = folder / f"{entry['name']}.yosys.json"
    if kept.exists():
        return json.loads(kept.read_text())
    script = f"read_verilog -sv {' '.join(entry['files'])}; synth_xilinx -family xcup -flatten -noiopad -top {entry['top']}; stat"
    run = subprocess.run([yosys, '-p', script], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{entry['name']}: {run.stdout[-500:]}{run.stderr[-500:]}")
    statistics = run.stdout[run.stdout.rindex('Printing statistics'):]
    cells = {name: int(count) for name, count in re.findall(r'^ +([A-Z]\w*) +(\d+)$', statistics, re.MULTILINE)}
    total = {'luts': 0, 'ffs': 0, 'srls': 0}
    for name, count in cells.items():
        if re.fullmatch(r'LUT[1-6]|LUT6_2|INV', name):
            total['luts'] += count
        elif name.startswith('FD'):
            total['ffs'] += count
        elif name.startswith('SRL'):
            total['srls'] += count
    kept.write_text(json.dumps(total) + '\n')
    return total


def fit(counts, measured):
    """Coefficients, none negative, with the least sum of relative errors (by least squares with weights, again and
    again): a few circuits that yosys handles badly do not matter much. A weak prior of one cell for each bit decides
    about what few circuits have."""
    features = counts.shape[1]
    x = np.vstack([counts / measured[:, None], PRIOR * np.eye(features)])
    y = np.concatenate([np.ones(len(measured)), PRIOR * np.ones(features)])
    weights = np.ones(len(y))
    for _ in range(50):
        root = np.sqrt(weights)
        used = list(range(features))
        while True:
            solution = np.linalg.lstsq(x[:, used] * root[:, None], y * root, rcond=None)[0]
            if (solution >= 0).all():
                break
            used.pop(int(np.argmin(solution)))
        coefficients = np.zeros(features)
        coefficients[used] = solution
        weights[:len(measured)] = 1 / np.maximum(np.abs(x[:len(measured)] @ coefficients - 1), 0.02)
        weights[:len(measured)] *= len(measured) / weights[:len(measured)].sum()
    return coefficients


def errors_unseen(counts, measured, designs):
    """The relative error of each circuit by a fit without its design."""
    names = sorted(set(designs))
    errors = np.zeros(len(measured))
    for fold in range(FOLDS):
        left_out = np.array([names.index(d) % FOLDS == fold for d in designs])
        coefficients = fit(counts[~left_out], measured[~left_out])
        errors[left_out] = counts[left_out] @ coefficients / measured[left_out] - 1
    return errors


def describe(what, errors):
    size = np.abs(errors)
    print(f'{what}: {len(errors)} circuits, median {np.median(size):.1%}, 90 % below {np.quantile(size, 0.9):.1%}, '
          f'largest {size.max():.1%}, mean {errors.mean():+.1%}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--yosys', default='yosys')
    parser.add_argument('--list', action='store_true', help='print every circuit')
    arguments = parser.parse_args()
    entries = json.loads((arguments.folder / 'circuits.json').read_text())
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda e: synthesise(arguments.folder, e, arguments.yosys), entries))
    kept = [(e, r) for e, r in zip(entries, results) if r['luts'] > 0]
    counts = np.array([[e['counts'][f] for f in FEATURES] for e, _ in kept], dtype=float)
    luts = np.array([r['luts'] for _, r in kept], dtype=float)
    designs = [re.sub(r'_(generic|xilinx)(_pipeline)?$', '', e['name']) for e, _ in kept]
    for name, coefficient in zip(FEATURES, fit(counts, luts)):
        print(f'{name:16} {coefficient:.3f}')
    errors = errors_unseen(counts, luts, designs)
    describe('LUT, unseen', errors)
    describe('LUT, unseen, from 1000 LUT', errors[luts >= 1000])
    describe('LUT, unseen, below 1000 LUT', errors[luts < 1000])
    for target in ('generic', 'xilinx'):
        describe(f'LUT, unseen, {target}', errors[[f'_{target}' in e['name'] for e, _ in kept]])
    registered = [(e, r) for e, r in kept if e['counts']['register_bits'] > 0]
    if registered:
        bits = np.array([[e['counts']['register_bits']] for e, _ in registered], dtype=float)
        ffs = np.array([r['ffs'] + r['srls'] for _, r in registered], dtype=float)
        print(f'registers        {fit(bits, ffs)[0]:.3f}')
        describe('FF, unseen', errors_unseen(bits, ffs, [re.sub(r'_(generic|xilinx).*', '', e['name']) for e, _ in registered]))
    if arguments.list:
        for (e, r), error in zip(kept, errors):
            print(f"{e['name']:45} {r['luts']:6} {error:+.1%}  FF {r['ffs']:5} of {e['counts']['register_bits']:5} {e['counts']}")


if __name__ == '__main__':
    main()
