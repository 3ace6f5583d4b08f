#!/usr/bin/env python3
"""Trains the reference networks of docs/fronts_python_hgq.json with hgq-train, several seeds each, and compares accuracy within budgets of BOPs.

As there: the front is chosen by validation accuracy and exact BOPs every 10th epoch; what counts is the best test accuracy of the models on it
that are within the budget. Needs nothing but Python's standard library.
"""
import argparse
import csv
import json
import pathlib
import shutil
import statistics
import subprocess
import tempfile

CLASSES = {'magic.h5': 2, 'letter.h5': 26, 'pendigits.h5': 10}
COLORS = {'magic.h5': '#1f77b4', 'letter.h5': '#d62728', 'pendigits.h5': '#2ca02c'}


def train(program, file, reference, seed, folder):
    """One run; its front as a list of {epoch, bops, val_accuracy, test_accuracy}."""
    first, last = reference['beta'].split(',')
    layers = ', '.join(['{HQuantize: {name: inp_q}}']
                       + [f'{{HDense: {{units: {width}, activation: relu}}}}' for width in reference['hidden'].split(',')]
                       + [f'{{HDense: {{units: {CLASSES[file]}, name: out}}}}'])
    data = pathlib.Path('data/samples').resolve() / file
    subprocess.run([program, 'apps/configs/front.yaml', '--out', folder, '--quiet', '--seed', str(seed),
                    '--set', f'data.file={data}', '--set', f'model.layers=[{layers}]', '--set', f'train.batch_size={reference["batch"]}',
                    '--set', f'train.epochs={reference["epochs"]}', '--set',
                    'callbacks=[ResetMinMax, {CalibratedBOPs: {data: train, every: 10}}, '
                    f'{{BetaSchedule: {{from: {first}, to: {last}, scale: log}}}}, {{ParetoFront: {{metrics: [val_accuracy, bops], best: [max, min]}}}}]'],
                   check=True, stdout=subprocess.DEVNULL)
    front = []
    with open(f'{folder}/pareto/pareto.csv') as f:
        for row in csv.DictReader(f):
            result = subprocess.run([program, 'eval', f'{folder}/pareto/{row["file"]}', '--data', str(data), '--inputs', 'x_test', '--targets', 'y_test',
                                     '--json'], check=True, capture_output=True, text=True)
            front.append({'epoch': int(row['epoch']), 'bops': float(row['bops']), 'val_accuracy': float(row['val_accuracy']),
                          'test_accuracy': json.loads(result.stdout)['accuracy']})
    return front


def within(front, budget):
    inside = [p for p in front if p['bops'] <= budget]
    return max((p['test_accuracy'] for p in inside), default=0.0)


def picture(ours, theirs, path):
    """Test accuracy over BOPs (logarithmic), a panel for each data set: ours as dots, Python HGQ's as rings."""
    import math
    width, height, margin = 420, 320, 50
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * len(ours)}" height="{height + 30}" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>']
    for panel, (file, fronts) in enumerate(ours.items()):
        points = [p for f in fronts for p in f]
        reference = [p for f in theirs[file] for p in f]
        everything = [p for p in points + reference if p['bops'] > 0]
        low, high = math.log10(min(p['bops'] for p in everything)), math.log10(max(p['bops'] for p in everything))
        bottom = max(min(p['test_accuracy'] for p in everything), statistics.median(p['test_accuracy'] for p in everything) - 0.25)
        top = max(p['test_accuracy'] for p in everything)
        x = lambda b: panel * width + margin + (math.log10(b) - low) / (high - low) * (width - 2 * margin)
        y = lambda a: height - margin - (a - bottom) / (top - bottom) * (height - 2 * margin)
        out.append(f'<text x="{panel * width + width / 2}" y="20" text-anchor="middle">{file[:-3]}</text>')
        out.append(f'<rect x="{panel * width + margin}" y="{margin}" width="{width - 2 * margin}" height="{height - 2 * margin}" fill="none" stroke="#888"/>')
        for exponent in range(math.ceil(low), math.floor(high) + 1):
            out.append(f'<text x="{x(10 ** exponent):.1f}" y="{height - margin + 18}" text-anchor="middle">1e{exponent}</text>')
        for a in (bottom, (bottom + top) / 2, top):
            out.append(f'<text x="{panel * width + margin - 4}" y="{y(a) + 4:.1f}" text-anchor="end">{a:.2f}</text>')
        for p in points:
            if p['bops'] > 0 and p['test_accuracy'] >= bottom:
                out.append(f'<circle cx="{x(p["bops"]):.1f}" cy="{y(p["test_accuracy"]):.1f}" r="2" fill="{COLORS[file]}" fill-opacity="0.5"/>')
        for p in reference:
            if p['bops'] > 0 and p['test_accuracy'] >= bottom:
                out.append(f'<circle cx="{x(p["bops"]):.1f}" cy="{y(p["test_accuracy"]):.1f}" r="3.5" fill="none" stroke="black"/>')
        out.append(f'<text x="{panel * width + width / 2}" y="{height + 8}" text-anchor="middle">BOPs</text>')
    out.append(f'<text x="10" y="{height + 24}">dots: hgq, every seed; rings: Python HGQ 0.2.6; test accuracy of the models on the front</text></svg>')
    pathlib.Path(path).write_text('\n'.join(out) + '\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seeds', type=int, default=10)
    parser.add_argument('--program', default='build/bin/hgq-train')
    args = parser.parse_args()
    reference = json.loads(pathlib.Path('docs/fronts_python_hgq.json').read_text())
    ours, theirs = {}, {}
    for run in reference['runs']:
        theirs.setdefault(run['file'], []).append(run['front'])
        if run['file'] in ours:
            continue
        ours[run['file']] = []
        for seed in range(1, args.seeds + 1):
            with tempfile.TemporaryDirectory() as folder:
                shutil.rmtree(folder)
                ours[run['file']].append(train(args.program, run['file'], run, seed, folder))
            print(run['file'], 'seed', seed, flush=True)
    lines = ['# Accuracy within a budget of BOPs', '',
             f'Made by `scripts/fronts.sh` with {args.seeds} seeds for each data set and the settings of `docs/fronts_python_hgq.json` (Python HGQ 0.2.6, 3 seeds). The columns hgq and',
             'Python HGQ give the best test accuracy of the models within the budget, among the models on the front of validation accuracy and exact BOPs, as the mean over the',
             'seeds.', '',
             '| data | BOPs | hgq | standard deviation | Python HGQ | difference |', '| --- | --- | --- | --- | --- | --- |']
    all_ours, all_theirs = [], []
    for name, numbers in reference['within_budget'].items():
        file, budget = name.split()
        values = [within(front, float(budget)) for front in ours[file]]
        mean = statistics.mean(values)
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        lines.append(f'| {file[:-3]} | {budget} | {mean:.4f} | {spread:.4f} | {numbers["mean"]:.4f} | {mean - numbers["mean"]:+.4f} |')
        all_ours.append(mean)
        all_theirs.append(numbers['mean'])
    lines += ['', f'Mean over all: hgq {statistics.mean(all_ours):.4f}, Python HGQ {statistics.mean(all_theirs):.4f}.', '', '![fronts](fronts.svg)', '']
    pathlib.Path('docs/fronts.md').write_text('\n'.join(lines))
    picture(ours, theirs, 'docs/fronts.svg')
    print('\n'.join(lines))


if __name__ == '__main__':
    main()
