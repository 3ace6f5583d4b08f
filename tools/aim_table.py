#!/usr/bin/env python3
"""Training that aims at LUTs (TargetLUTs) beside training that aims at BOPs (TargetBOPs), by synthesis. Python's standard library only;
yosys must be installed.

    aim_table.py --program build/bin/hgq-train --out FOLDER [--seeds 10] [--jobs 2]

For each data set and budget, networks are trained for BOPs with several seeds; then as many for LUTs, with the mean of the LUTs that were
estimated for the first ones as their budget. Each last network becomes Verilog without registers, which yosys synthesizes
(scripts/yosys_xilinx.ys of the RTL folder): LUTs are LUT1 to LUT6 and inverters. Prints what each way reaches: LUTs with their standard
deviation, the accuracy on test rows, and the LUTs at the same accuracy: log(LUTs) as a line over the accuracy with the same slope for both
ways, and the distance of the lines. What is done is kept in FOLDER, and not done again.
"""
import argparse
import concurrent.futures
import json
import math
import pathlib
import re
import statistics
import subprocess
import sys

SAMPLES = pathlib.Path(__file__).resolve().parent.parent / 'data/samples'
# data: hidden units, classes, epochs, rows of a batch, budgets in BOPs
TASKS = {'magic': ([32, 16], 2, 120, 256, (4000, 2000, 1000)), 'letter': ([48, 32], 26, 120, 512, (24000, 14000, 8000))}


def config(data, seed, aim):
    hidden, classes, epochs, batch, _ = TASKS[data]
    bits = {'init_bw': 4, 'regularizer': {'MonoL1': 1e-6}}
    source = str(SAMPLES / f'{data}.h5')
    return {'seed': seed,
            'data': {'file': source, 'inputs': 'x', 'targets': 'y', 'validation': 0.15, 'test': {'inputs': 'x_test', 'targets': 'y_test'}, 'scale': 'standard'},
            'model': {'kernel_quantizer': bits, 'activation_quantizer': bits, 'beta': 1e-6,
                      'layers': ['HQuantize', *({'HDense': {'units': n, 'activation': 'relu'}} for n in hidden), {'HDense': {'units': classes}}]},
            'train': {'loss': 'sparse_categorical_crossentropy', 'metrics': ['accuracy'], 'batch_size': batch, 'epochs': epochs,
                      'optimizer': {'Adam': {'learning_rate': {'CosineDecay': {'initial_learning_rate': 5e-3, 'decay_epochs': epochs, 'alpha': 0.05}}}}},
            'callbacks': ['ResetMinMax', 'CalibratedBOPs', aim]}


def run(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(f'{" ".join(map(str, words))}: exit {done.returncode}: {done.stderr}')
    return done.stdout


def synthesized(rtl):
    """LUT1 to LUT6 and inverters."""
    text = subprocess.run(['yosys', '-s', 'scripts/yosys_xilinx.ys'], cwd=rtl, capture_output=True, text=True, check=True).stdout
    return sum(int(n) for n in re.findall(r'^ +(?:LUT[1-6]|INV) +(\d+)', text[text.rindex('=== '):], re.M))


def measure(program, folder, data, seed, aim):
    """{accuracy, bops, estimate, luts} of the last network."""
    result = folder / 'result.json'
    if not result.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / 'config.yaml').write_text(json.dumps(config(data, seed, aim), indent=1))
        run('rm', '-rf', folder / 'run')
        run(program, folder / 'config.yaml', '--out', folder / 'run', '--quiet', '--threads', 1)
        rtl = folder / 'run/rtl'
        run(program, 'rtl', folder / 'run/proxy.h5', '--out', rtl, '--rows', 1, '--threads', 1)
        summary, report = (json.loads((folder / 'run' / name).read_text()) for name in ('summary.json', 'rtl/report.json'))
        result.write_text(json.dumps({'accuracy': summary['model']['accuracy'], 'bops': summary['bops'],
                                      'estimate': report['total']['estimated_luts'], 'luts': synthesized(rtl)}))
    return json.loads(result.read_text())


def mean(rows, key):
    return statistics.mean(r[key] for r in rows)


def spread(rows, key):
    return statistics.stdev(r[key] for r in rows)


def at_the_same_accuracy(bops, luts):
    """The LUTs of the second way / those of the first at the same accuracy, and the standard error of its logarithm."""
    groups = [[(r['accuracy'], math.log(r['luts'])) for r in rows] for rows in (bops, luts)]
    centres = [tuple(statistics.mean(column) for column in zip(*group)) for group in groups]
    inner = [(x - cx, y - cy) for group, (cx, cy) in zip(groups, centres) for x, y in group]
    square = sum(x * x for x, _ in inner)
    slope = sum(x * y for x, y in inner) / square
    (ax, ay), (bx, by) = centres
    rest = sum((y - slope * x) ** 2 for x, y in inner) / (len(inner) - 3)
    return math.exp(by - ay - slope * (bx - ax)), math.sqrt(rest * (1 / len(bops) + 1 / len(luts) + (bx - ax) ** 2 / square))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument('--out', required=True, type=pathlib.Path, help='folder for the runs')
    parser.add_argument('--seeds', type=int, default=10)
    parser.add_argument('--data', default=','.join(TASKS))
    parser.add_argument('--jobs', type=int, default=2)
    args = parser.parse_args()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        print('| data | budget | aims at | BOPs | LUTs estimated | LUTs by yosys | test accuracy |\n| --- | --- | --- | --- | --- | --- | --- |', flush=True)
        for data in args.data.split(','):
            every = {'BOPs': [], 'LUTs': []}
            for budget in TASKS[data][4]:
                target = None
                for way in every:
                    aim = {'TargetBOPs': {'target': budget}} if way == 'BOPs' else {'TargetLUTs': {'target': target, 'every': 4}}
                    rows = list(pool.map(lambda seed: measure(args.program, args.out / f'{data}_{budget}_{way}_{seed}', data, seed, aim), range(1, args.seeds + 1)))
                    target = target or round(mean(rows, 'estimate'))
                    every[way] += rows
                    print(f'| {data} | {budget} BOPs{"" if way == "BOPs" else f", {target} LUTs"} | {way} | ' +
                          ' | '.join(f'{mean(rows, key):,.0f} ± {spread(rows, key):,.0f}' for key in ('bops', 'estimate', 'luts')) +
                          f' | {mean(rows, "accuracy"):.4f} ± {spread(rows, "accuracy"):.4f} |', flush=True)
            ratio, error = at_the_same_accuracy(every['BOPs'], every['LUTs'])
            print(f'{data}: LUTs at the same accuracy, aimed at LUTs / aimed at BOPs: {ratio:.3f} (standard error {error:.3f})', flush=True)


if __name__ == '__main__':
    main()
