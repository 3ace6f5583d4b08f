#!/usr/bin/env python3
"""How well TargetBOPs and TargetLUTs keep a budget: a table over 20 small networks and five targets. Python's standard library only.

    controller_table.py --program build/bin/hgq-train --out FOLDER                 five targets (ten minutes on two cores)
    controller_table.py ... --half odd --targets 0.5,0.1                           every second network, some targets
    controller_table.py ... --fresh                                                twenty other networks, in longer trainings
    controller_table.py ... --luts                                                 TargetLUTs in the place of TargetBOPs
    controller_table.py ... --accuracy                                             beside BetaSchedules that end at the same BOPs

A target is a share of the first value, which is that of the network before training. A row of the table has the last value / target and the
lowest one, and the same of means over five epochs: a bit of one activation is some percent of a small network, and ranges of activations
change by whole bits from epoch to epoch. Then, as shares of the epochs of the training, when the means come to stay within 5 % of the
target, when they first come there, and when a descent with beta: 10 from the first step comes to 1.05 times the target, which is about the
least that is possible; the lowest value / target of a training with beta: 0, below 1 where task and regularizers alone leave fewer bits
than the target, which then binds nothing; the metric of the last epoch, and that of a BetaSchedule. The constants of the controller were
chosen with the first twenty networks; those of --fresh are its test.
"""
import argparse
import concurrent.futures
import csv
import json
import math
import pathlib
import statistics
import subprocess
import sys

SAMPLES = pathlib.Path(__file__).resolve().parent.parent / 'data/samples'
WITHIN = 0.05
MEAN = 5  # epochs


def dense(*units, kind='HDense', activation='relu'):
    return [{kind: {'units': n, 'activation': activation}} for n in units]


def conv1(filters, kind='HConv1D'):
    return [{'PReshape': {'target_shape': [8, 2]}}, {kind: {'filters': filters, 'kernel_size': 3, 'activation': 'relu'}}, 'PFlatten']


def conv2(filters, kind='HConv2D'):
    return [{'PReshape': {'target_shape': [4, 4, 1]}}, {kind: {'filters': filters, 'kernel_size': [2, 2], 'activation': 'relu'}}, 'PFlatten']


def cosine(rate):
    return {'CosineDecay': {'initial_learning_rate': rate, 'decay_epochs': 'EPOCHS', 'alpha': 0.02}}


# name: data, hidden layers, and what differs from the defaults of `config`.
NETWORKS = {
    'magic 16-16': ('magic', dense(16, 16), {}),
    'magic 32 BN': ('magic', dense(32, kind='HDenseBatchNorm'), {}),
    'magic 64-32-32 slow': ('magic', dense(64, 32, 32), {'rate': 1e-3, 'epochs': 160}),
    'magic 16-16 fast, SGD': ('magic', dense(16, 16), {'optimizer': {'SGD': {'learning_rate': 0.05, 'momentum': 0.9}}}),
    'magic 24-24 tanh': ('magic', [{'HDense': {'units': 24}}, {'HActivation': {'activation': 'tanh'}}, *dense(24)], {}),
    'magic 16 cosine': ('magic', dense(16), {'rate': cosine(1e-2)}),
    'letter 48-32': ('letter', dense(48, 32), {'bits': 4}),
    'letter 48-32 BN cosine': ('letter', dense(48, 32, kind='HDenseBatchNorm'), {'rate': cosine(5e-3)}),
    'letter conv2': ('letter', [*conv2(8), *dense(32)], {}),
    'letter 64 beta 1e-4': ('letter', dense(64), {'beta': 1e-4}),
    'pendigits 32-16': ('pendigits', dense(32, 16), {}),
    'pendigits 32-16 BN': ('pendigits', dense(32, 16, kind='HDenseBatchNorm'), {'batch': 128, 'epochs': 60}),
    'pendigits conv1': ('pendigits', [*conv1(6), *dense(24)], {}),
    'pendigits conv1 BN': ('pendigits', [*conv1(6, 'HConv1DBatchNorm'), *dense(24)], {'rate': 1e-2}),
    'pendigits 32 few steps': ('pendigits', dense(32), {'batch': 2048, 'epochs': 300, 'rate': 1e-2}),
    'pendigits 20-20 8 bits': ('pendigits', dense(20, 20), {'bits': 8, 'rate': 1e-2}),
    'muons 32-16': ('cms_dimuon', dense(32, 16), {'bits': 5}),
    'muons 48-24 BN cosine': ('cms_dimuon', dense(48, 24, kind='HDenseBatchNorm'), {'bits': 5, 'rate': cosine(5e-3)}),
    'muons 24-24 beta 0': ('cms_dimuon', dense(24, 24), {'bits': 5, 'beta': 0}),
    'muons 16 big batch': ('cms_dimuon', dense(16), {'bits': 6, 'batch': 1024, 'epochs': 150, 'rate': 1e-2}),
}
# The test: no constant was chosen with these. Trainings are as long as those of a front usually are, or shorter.
FRESH = {
    'magic 64-32': ('magic', dense(64, 32), {'epochs': 400}),
    'magic 20-20-20 BN': ('magic', dense(20, 20, 20, kind='HDenseBatchNorm'), {'epochs': 300}),
    'magic 40 cosine': ('magic', dense(40), {'epochs': 500, 'rate': cosine(5e-3)}),
    'magic 32-32 slow': ('magic', dense(32, 32), {'epochs': 800, 'rate': 2e-3}),
    'magic 24-12 RMSprop': ('magic', dense(24, 12), {'epochs': 400, 'optimizer': {'RMSprop': {'learning_rate': 3e-3}}}),
    'letter 64-48': ('letter', dense(64, 48), {'epochs': 400, 'bits': 5}),
    'letter 96 BN': ('letter', dense(96, kind='HDenseBatchNorm'), {'epochs': 400, 'bits': 4}),
    'letter 48-48 cosine': ('letter', dense(48, 48), {'epochs': 500, 'rate': cosine(8e-3)}),
    'letter conv2 BN': ('letter', [*conv2(10, 'HConv2DBatchNorm'), *dense(40)], {'epochs': 300}),
    'letter 64-32 beta 3e-6': ('letter', dense(64, 32), {'epochs': 400, 'beta': 3e-6, 'batch': 256}),
    'pendigits 64-32': ('pendigits', dense(64, 32), {'epochs': 400}),
    'pendigits 40-40 BN cosine': ('pendigits', dense(40, 40, kind='HDenseBatchNorm'), {'epochs': 500, 'rate': cosine(5e-3)}),
    'pendigits conv1 12': ('pendigits', [*conv1(12), *dense(32)], {'epochs': 400, 'rate': 3e-3}),
    'pendigits conv2 8': ('pendigits', [*conv2(8), *dense(24)], {'epochs': 400}),
    'pendigits 48 small batch': ('pendigits', dense(48), {'epochs': 300, 'batch': 128, 'bits': 6}),
    'muons 48-32': ('cms_dimuon', dense(48, 32), {'epochs': 400, 'bits': 5}),
    'muons 32-32-16 cosine': ('cms_dimuon', dense(32, 32, 16), {'epochs': 500, 'bits': 5, 'rate': cosine(5e-3)}),
    'muons 64 BN': ('cms_dimuon', dense(64, kind='HDenseBatchNorm'), {'epochs': 400, 'bits': 4}),
    'muons 24-24-24 slow': ('cms_dimuon', dense(24, 24, 24), {'epochs': 800, 'bits': 5, 'rate': 2e-3}),
    'muons 40-20 big batch': ('cms_dimuon', dense(40, 20), {'epochs': 600, 'bits': 5, 'batch': 1024}),
}
CLASSES = {'magic': 2, 'letter': 26, 'pendigits': 10}


def config(name, callbacks, epochs=None, rate=None, beta=None):
    data, layers, changes = NETWORKS[name]
    epochs = epochs or changes.get('epochs', 100)
    rate = rate if rate is not None else changes.get('rate', 5e-3)
    if isinstance(rate, dict):
        rate = json.loads(json.dumps(rate).replace('"EPOCHS"', str(changes.get('epochs', 100))))
    optimizer = changes.get('optimizer', {'Adam': {'learning_rate': rate}})
    if rate == 0:
        optimizer = {'SGD': {'learning_rate': 0}}
    bits = {'init_bw': changes.get('bits', 3), 'regularizer': {'MonoL1': 1e-6}}
    classes = CLASSES.get(data)
    out = {'HDense': {'units': classes or 1, 'name': 'out'}}
    return {'seed': 5,
            'data': {'file': str(SAMPLES / f'{data}.h5'), 'inputs': 'x', 'targets': 'y', 'validation': 0.15, 'scale': 'standard'},
            'model': {'kernel_quantizer': bits, 'activation_quantizer': bits, 'beta': changes.get('beta', 1e-6) if beta is None else beta,
                      'layers': ['HQuantize', *layers, out]},
            'train': {'loss': 'sparse_categorical_crossentropy' if classes else 'mse', 'optimizer': optimizer,
                      'metrics': ['accuracy'] if classes else ['mae'], 'batch_size': changes.get('batch', 512), 'epochs': epochs},
            'callbacks': callbacks}


class Table:
    def __init__(self, args):
        self.args = args
        self.out = pathlib.Path(args.out)
        self.out.mkdir(parents=True, exist_ok=True)

    def run(self, name, label, callbacks, may_fail=False, **changes):
        """The rows of the history; none where the loss has become infinite, if it may."""
        folder = self.out / f'{name} {label}'.replace(' ', '_').replace(',', '')
        file = folder.with_suffix(folder.suffix + '.yaml')
        file.write_text(json.dumps(config(name, callbacks, **changes), indent=1))
        subprocess.run(['rm', '-rf', str(folder)], check=True)
        done = subprocess.run([self.args.program, str(file), '--out', str(folder), '--quiet', '--threads', '1'], capture_output=True, text=True)
        if may_fail and 'is not finite' in done.stderr:
            return []
        if not (folder / 'history.csv').exists() or done.returncode not in (0, 1, 3):
            sys.exit(f'{name}: {label}: exit {done.returncode}: {done.stderr}')
        with open(folder / 'history.csv', newline='') as lines:
            return [{k: float(v) if v else math.nan for k, v in row.items()} for row in csv.DictReader(lines)]

    def row(self, name, share):
        first, fastest, alone = self.descent(name)
        target = share * first
        column = 'luts' if self.args.luts else 'bops'
        aim = {'TargetLUTs': {'target': target, 'every': 2}} if self.args.luts else {'TargetBOPs': {'target': target}}
        aim[next(iter(aim))]['settle'] = self.args.settle
        rows = self.run(name, f'{share}', ['ResetMinMax', 'CalibratedBOPs', aim])
        epochs = len(rows)
        ratios = [(i, row[column] / target) for i, row in enumerate(rows) if not math.isnan(row[column])]
        means = [(i, statistics.mean(r for _, r in ratios[max(0, k - MEAN + 1):k + 1])) for k, (i, _) in enumerate(ratios)]
        inside = [abs(m - 1) <= WITHIN for _, m in means]
        settled = epochs if not inside[-1] else next((i + 1 for (i, _), good in zip(reversed(means), reversed(inside)) if not good), 0)
        arrived = next((i for (i, _), good in zip(means, inside) if good), epochs)
        quickest = next((i for i, value in enumerate(fastest) if value <= (1 + WITHIN) * target), epochs)
        metric = 'val_accuracy' if 'val_accuracy' in rows[-1] else 'val_mae'
        result = {'name': name, 'share': share, 'last': ratios[-1][1], 'lowest': min(r for _, r in ratios), 'last mean': means[-1][1],
                  'lowest mean': min(m for _, m in means), 'settled': settled / epochs, 'arrived': arrived / epochs, 'fastest': quickest / epochs,
                  'alone': min(alone) / target if alone else math.nan, 'metric': rows[-1][metric], 'beside': math.nan, 'off': math.nan}
        if self.args.accuracy:
            result['beside'], result['off'] = self.beside(name, share, rows[-1]['bops'], metric)
        return result

    def beside(self, name, share, bops, metric):
        """The metric of a log BetaSchedule that ends nearest to these BOPs, and its BOPs / these; its `to` is found by bisection."""
        start = NETWORKS[name][2].get('beta', 1e-6) or 1e-7
        low, high = math.log(start) - 3, math.log(10)
        best = None
        for _ in range(self.args.bisections):
            middle = (low + high) / 2
            last = self.run(name, f'{share} beside', ['ResetMinMax', 'CalibratedBOPs', {'BetaSchedule': {'from': start, 'to': math.exp(middle)}}])[-1]
            if best is None or abs(math.log(max(last['bops'], 1) / bops)) < abs(math.log(max(best['bops'], 1) / bops)):
                best = last
            if abs(last['bops'] / bops - 1) < 0.02:
                break
            low, high = (middle, high) if last['bops'] > bops else (low, middle)
        return best[metric], best['bops'] / bops

    def descent(self, name):
        """The cost before training, and after each epoch of the fastest descent and of a training without a price."""
        kind = 'luts' if self.args.luts else 'bops'
        cached = self.out / f'{name} {kind}.json'.replace(' ', '_')
        if not cached.exists():
            callbacks = ['CalibratedBOPs'] + ([{'TargetLUTs': {'target': 1e9, 'every': 2}}] if self.args.luts else [])
            first = self.run(name, 'first', callbacks, epochs=1, rate=0)[0][kind]
            fastest = self.run(name, 'fastest', ['ResetMinMax', 'CalibratedBOPs'], may_fail=True, beta=10)
            alone = self.run(name, 'alone', ['ResetMinMax', 'CalibratedBOPs'], beta=0)
            cached.write_text(json.dumps([first, *([] if self.args.luts else [row['bops'] for row in rows] for rows in (fastest, alone))]))
        return json.loads(cached.read_text())


def summary(title, rows):
    if not rows:
        return
    binding = [r for r in rows if not r['alone'] < 1 - WITHIN]
    count = lambda test: sum(bool(test(r)) for r in binding)
    print(f'{title}: {len(rows)} runs, in {len(binding)} of them the target binds; of these: last within 5 %: {count(lambda r: abs(r["last"] - 1) <= WITHIN)}; '
          f'lowest not below 95 %: {count(lambda r: r["lowest"] >= 1 - WITHIN)}, 90 %: {count(lambda r: r["lowest"] >= 0.9)}; '
          f'means: last within 5 %: {count(lambda r: abs(r["last mean"] - 1) <= WITHIN)}, lowest not below 95 %: {count(lambda r: r["lowest mean"] >= 1 - WITHIN)}; '
          f'settled in a tenth of the epochs: {count(lambda r: r["settled"] <= 0.1)}, arrived: {count(lambda r: r["arrived"] <= 0.1)} '
          f'(fastest descent: {count(lambda r: r["fastest"] <= 0.1)}); median of settled {statistics.median(r["settled"] for r in binding):.2f}, '
          f'arrived {statistics.median(r["arrived"] for r in binding):.2f}, fastest {statistics.median(r["fastest"] for r in binding):.2f}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True)
    parser.add_argument('--out', required=True, help='folder for the runs')
    parser.add_argument('--fresh', action='store_true', help='the networks of FRESH')
    parser.add_argument('--half', choices=['odd', 'even', 'all'], default='all')
    parser.add_argument('--targets', default='0.8,0.5,0.3,0.2,0.1')
    parser.add_argument('--luts', action='store_true')
    parser.add_argument('--accuracy', action='store_true')
    parser.add_argument('--settle', type=float, default=0.1)
    parser.add_argument('--longer', type=int, default=1, help='factor of all epochs')
    parser.add_argument('--bisections', type=int, default=8)
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('-k', default='', help='only networks whose name holds this')
    parser.add_argument('--short', action='store_true', help='only the summary')
    args = parser.parse_args()
    table = Table(args)
    if args.fresh:
        NETWORKS.clear()
        NETWORKS.update(FRESH)
    for network in NETWORKS.values():
        network[2]['epochs'] = args.longer * network[2].get('epochs', 100)
    names = [n for i, n in enumerate(NETWORKS) if args.half == 'all' or (i % 2 == 0) == (args.half == 'odd')]
    names = [n for n in names if args.k in n]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(table.descent, names))
        rows = list(pool.map(lambda pair: table.row(*pair), [(n, float(s)) for n in names for s in args.targets.split(',')]))
    if not args.short:
        print('| network | target | last | lowest | last mean | lowest mean | settled | arrived | fastest | alone | metric |' +
              (' schedule | its BOPs |' if args.accuracy else ''))
        print('| --- ' * (13 if args.accuracy else 11) + '|')
        for r in rows:
            beside = f' {r["beside"]:.4f} | {r["off"]:.2f} |' if args.accuracy else ''
            print(f'| {r["name"]} | {r["share"]:.0%} | {r["last"]:.3f} | {r["lowest"]:.3f} | {r["last mean"]:.3f} | {r["lowest mean"]:.3f} | '
                  f'{r["settled"]:.0%} | {r["arrived"]:.0%} | {r["fastest"]:.0%} | {r["alone"]:.2f} | {r["metric"]:.4f} |{beside}')
        print()
    summary('all', rows)
    for share in sorted({r['share'] for r in rows}, reverse=True):
        summary(f'{share:.0%}', [r for r in rows if r['share'] == share])
    if args.accuracy:
        better = [r for r in rows if abs(r['off'] - 1) < 0.1]
        sign = lambda r: 1 if 'muons' not in r['name'] else -1
        print(f'beside the schedule, where its BOPs are within 10 %: better {sum(sign(r) * (r["metric"] - r["beside"]) > 0 for r in better)}/{len(better)}; '
              f'mean difference of accuracy {statistics.mean(r["metric"] - r["beside"] for r in better if sign(r) > 0):+.4f}')


if __name__ == '__main__':
    main()
