#!/usr/bin/env python3
"""A run that is stopped and continued ends in the files of one that is not, bit by bit. Python's standard library only.

    resume_test.py --program build/bin/hgq-train --equal build/bin/h5_equal      each layer, optimizer, callback ... once
    resume_test.py ... --pairs                       any two of them together, stopped at each of several moments
    resume_test.py ... --product                     all of them with all (hours)
    resume_test.py ... --kills 500                   killed at random moments until the run is done
    resume_test.py ... --list                        the combinations, without running them

A combination is one value of each axis of AXES; -k WORD takes those that hold WORD.
"""
import argparse
import concurrent.futures
import itertools
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

EPOCHS = 4
ROWS = 150
FEATURES = 16
BATCHES = 4  # 120 rows train, 32 a batch
STOPS = (('--stop-after-steps', 1), ('--stop-after-steps', 3), ('--stop-after', 1), ('--stop-after-steps', 6), ('--stop-after', 2),
         ('--stop-after-steps', 11), ('--stop-after', 3), ('--stop-after-steps', 15))

# Layers behind the first HQuantize and in front of the last HDense; what is not said is as the defaults have it.
MODELS = {
    'HDense': 'HDense: {units: 6, activation: relu}',
    'HDenseBatchNorm': 'HDenseBatchNorm: {units: 6, activation: relu}',
    'HDenseBatchNorm-no-scale': 'HDenseBatchNorm: {units: 6, scale: false}',
    'HDenseBatchNorm-no-center': 'HDenseBatchNorm: {units: 6, center: false}, HDenseBatchNorm: {units: 5, do_adapt_kernel_bits: false}',
    'HConv1D': 'PReshape: {target_shape: [8, 2]}, HConv1D: {filters: 3, kernel_size: 3, activation: relu}, PFlatten',
    'HConv1DBatchNorm': 'PReshape: {target_shape: [8, 2]}, HConv1DBatchNorm: {filters: 3, kernel_size: 3, padding: same}, PMaxPooling1D, PFlatten',
    'HConv2D': 'PReshape: {target_shape: [4, 4, 1]}, HConv2D: {filters: 3, kernel_size: [2, 2], activation: relu}, PFlatten',
    'HConv2DBatchNorm': 'PReshape: {target_shape: [4, 4, 1]}, HConv2DBatchNorm: {filters: 3, kernel_size: [2, 2]}, PMaxPooling2D, PFlatten',
    'pooling': 'PReshape: {target_shape: [4, 4, 1]}, HConv2D: {filters: 2, kernel_size: [1, 1]}, PAvgPool2D: {pool_size: 2}, '
               'PReshape: {target_shape: [4, 2]}, HQuantize, PAvgPool1D: {pool_size: 2}, PMaxPool1D: {pool_size: 1}, PFlatten, HQuantize',
    'HActivation': 'HDenseBatchNorm: {units: 6}, HActivation: {activation: tanh}, HDense: {units: 6}, HActivation: {activation: sigmoid}',
    'formula': 'HDense: {units: 6}, HActivation: {activation: x*x + 0.5}, HDenseBatchNorm: {units: 4}',
    'HAdd': 'HDenseBatchNorm: {units: 6, name: a}, HDense: {units: 6, name: b, inputs: a}, HAdd: {inputs: [a, b]}',
    'PConcatenate': 'HDense: {units: 4, name: a}, HDenseBatchNorm: {units: 3, name: b, inputs: q}, PConcatenate: {inputs: [a, b]}',
    'PDropout': 'HDense: {units: 8, activation: relu}, PDropout: {rate: 0.3}, HDenseBatchNorm: {units: 6, activation: relu}, PDropout: {rate: 0.1}',
    'PPermute': 'PReshape: {target_shape: [4, 4]}, PPermute: {dims: [2, 1]}, HDenseBatchNorm: {units: 3}, PFlatten',
    'Shared': 'HDenseBatchNorm: {units: 16, name: s}, Shared: {layer: s, inputs: s, name: s2}',
    'NestedModel': 'NestedModel: {name: block, layers: [HDense: {units: 6, activation: relu}, HDenseBatchNorm: {units: 16}]}, '
                   'Shared: {layer: block, inputs: block, name: again}',
    'constraints': 'HDense: {units: 6, kernel_constraint: {MaxNorm: {max_value: 0.8}}, bias_constraint: NonNeg}, '
                   'HDenseBatchNorm: {units: 6, kernel_constraint: UnitNorm}',
    'regularizers': 'HDense: {units: 6, kernel_regularizer: {L1: 1.0e-3}, bias_regularizer: {L2: 1.0e-3}}, '
                    'HDenseBatchNorm: {units: 6, kernel_regularizer: {L1L2: {l1: 1.0e-3, l2: 1.0e-3}}}',
    'several-inputs': 'INPUTS',
    'several-outputs': 'OUTPUTS',
}
QUANTIZERS = {
    'default': '',
    'stochastic': 'kernel_quantizer: {rnd_strategy: stochastic_round}, activation_quantizer: {rnd_strategy: stochastic_round}, ',
    'noise': 'kernel_quantizer: {rnd_strategy: fast_uniform_noise_injection}, activation_quantizer: {rnd_strategy: fast_uniform_noise_injection}, ',
    'shared-widths': 'kernel_quantizer: {skip_dims: all}, activation_quantizer: {skip_dims: batch, init_bw: 4}, ',
    'regularized': 'kernel_quantizer: {regularizer: {MonoL1: 1.0e-4}}, activation_quantizer: {regularizer: {L1: 1.0e-4}}, ',
}
OPTIMIZERS = {
    'Adam': 'Adam: {learning_rate: RATE}',
    'Adam-amsgrad': 'Adam: {learning_rate: RATE, amsgrad: true, clipnorm: 0.5}',
    'AdamW': 'AdamW: {learning_rate: RATE, weight_decay: 0.01}',
    'Adamax': 'Adamax: {learning_rate: RATE, clipvalue: 0.1}',
    'Nadam': 'Nadam: {learning_rate: RATE}',
    'RMSprop': 'RMSprop: {learning_rate: RATE}',
    'RMSprop-centered': 'RMSprop: {learning_rate: RATE, momentum: 0.5, centered: true}',
    'Adagrad': 'Adagrad: {learning_rate: RATE}',
    'SGD': 'SGD: {learning_rate: RATE, global_clipnorm: 1}',
    'SGD-momentum': 'SGD: {learning_rate: RATE, momentum: 0.9}',
    'SGD-nesterov': 'SGD: {learning_rate: RATE, momentum: 0.9, nesterov: true}',
}
SCHEDULES = {
    'number': '5.0e-3',
    'Constant': '{Constant: {learning_rate: 5.0e-3, warmup_steps: 3}}',
    'ExponentialDecay': '{ExponentialDecay: {initial_learning_rate: 5.0e-3, decay_steps: 5, decay_rate: 0.9}}',
    'InverseTimeDecay': '{InverseTimeDecay: {initial_learning_rate: 5.0e-3, decay_epochs: 1, decay_rate: 0.5, flat_steps: 3}}',
    'PiecewiseConstantDecay': '{PiecewiseConstantDecay: {boundaries_epochs: [1, 2], values: [5.0e-3, 2.0e-3, 1.0e-3]}}',
    'PolynomialDecay': '{PolynomialDecay: {initial_learning_rate: 5.0e-3, decay_epochs: 3}}',
    'CosineDecay': '{CosineDecay: {initial_learning_rate: 1.0e-3, decay_epochs: 3, warmup_target: 5.0e-3, warmup_steps: 4}}',
    'CosineDecayRestarts': '{CosineDecayRestarts: {initial_learning_rate: 5.0e-3, first_decay_steps: 5, flat_steps: 1}}',
}
CALLBACKS = {
    'none': '[]',
    'ResetMinMax': '[ResetMinMax]',
    'FreeBOPs-ParetoFront': '[FreeBOPs, ParetoFront: {metrics: [val_loss, bops], best: [min, min]}]',
    'CalibratedBOPs-ParetoFront': '[ResetMinMax, FreeBOPs, CalibratedBOPs: {data: validation, every: 2}, '
                                  'ParetoFront: {metrics: [val_loss, bops], best: [min, min]}]',
    'BetaSchedule': '[BetaSchedule: {from: 1.0e-6, to: 1.0e-3}, ResetMinMax]',
    'BetaSchedule-linear': '[BetaSchedule: {from: 0, to: 1.0e-4, scale: linear, epochs: 3}]',
    'EarlyStopping': '[EarlyStopping: {monitor: loss, patience: 1, min_delta: 100, restore_best_weights: true}]',
    'EarlyStopping-late': '[EarlyStopping: {monitor: val_loss, patience: 2, mode: max, restore_best_weights: true}]',
    'ReduceLROnPlateau': '[ReduceLROnPlateau: {monitor: val_loss, patience: 1, factor: 0.5, min_delta: 100, cooldown: 1}]',
    'Checkpoint': '[Checkpoint: {file: "best.h5", save_best_only: true, monitor: val_loss}, Checkpoint: {every: 2}]',
    'TerminateOnNaN': '[TerminateOnNaN]',
    'TargetBOPs': '[ResetMinMax, CalibratedBOPs: {every: 2}, TargetBOPs: {target: 900, settle: 0.5}]',
    'TargetBOPs-free': '[FreeBOPs, TargetBOPs: {target: 1200}, EarlyStopping: {monitor: loss, patience: 1, when: "bops > 0", restore_best_weights: true}]',
    'TargetLUTs': '[ResetMinMax, FreeBOPs, TargetLUTs: {target: 500, every: 2, settle: 1}]',
    'StopWhen': '[FreeBOPs, StopWhen: {condition: "bops > 0 && val_loss > 0", patience: 2}]',
}
TASKS = {
    'classes': ('y', 'sparse_categorical_crossentropy', '[accuracy, AUC, {Recall: {class_id: 1}}, F1Score]', 3),
    'classes-weighted': ('y, sample_weights: w', '{sparse_categorical_crossentropy: {label_smoothing: 0.1}}',
                         '[accuracy], weighted_metrics: [accuracy, {F1Score: {average: macro}}], class_weight: WEIGHTS', 3),
    'numbers': ('[x0, x3]', 'mse', '[mae, RootMeanSquaredError]', 2),
    'binary': ('b', 'binary_crossentropy', '[accuracy, AUC], shuffle: false', 1),
    'blocks': ('{file: y.npy}, memory: 4.0e-6', 'sparse_categorical_crossentropy', '[AUC], class_weight: WEIGHTS', 3),  # 38 kB of rows in blocks of 4
}
PHASES = {
    'none': '',
    'frozen': ', freeze: [LAYER]',
    'beta': ', phases: [{epochs: 1, beta: 0}, {epochs: 1, beta: 1.0e-5, freeze: [LAYER, out]}, {beta: {from: 1.0e-6, to: 1.0e-4}}]',
    'rates': ', phases: [{epochs: 2, learning_rate: 1.0e-2, freeze: [LAYER]}, '
             '{epochs: 1, learning_rate: {CosineDecay: {initial_learning_rate: 5.0e-3, decay_epochs: 1}}}, {}]',
}
AXES = {'model': MODELS, 'quantizer': QUANTIZERS, 'optimizer': OPTIMIZERS, 'schedule': SCHEDULES, 'callbacks': CALLBACKS,
        'task': TASKS, 'phases': PHASES}


def excluded(names):
    """The first two values that do not go together: of what sets the learning rate, and of what sets beta."""
    if names.get('callbacks') == 'ReduceLROnPlateau' and names.get('schedule', 'number') != 'number':
        return 'callbacks', 'schedule'
    if names.get('callbacks') == 'ReduceLROnPlateau' and names.get('phases') == 'rates':
        return 'callbacks', 'phases'
    if re.search('BetaSchedule|Target', CALLBACKS.get(names.get('callbacks'), '')) and names.get('phases') == 'beta':
        return 'callbacks', 'phases'
    return None


def possible(names):
    return excluded(names) is None


FIRST = {axis: next(iter(values)) for axis, values in AXES.items()}  # 'number', 'none': these go with all others


def each_value_once():
    longest = max(len(values) for values in AXES.values())
    for i in range(longest):
        names = {axis: list(values)[(i + shift) % len(values)] for shift, (axis, values) in enumerate(AXES.items())}
        while not possible(names):
            axis = excluded(names)[1]
            names[axis] = FIRST[axis]
        yield names


def each_pair_once():
    """Combinations that hold any two values of different axes: the best of some drawn at random, until none is missing."""
    numbers = random.Random(1)
    axes = list(AXES)
    missing = {frozenset({(a, x), (b, y)}) for a, b in itertools.combinations(axes, 2) for x in AXES[a] for y in AXES[b]}
    missing = {p for p in missing if possible(dict(p))}
    while missing:
        best, most = None, -1
        for pair in itertools.islice(sorted(missing, key=sorted), 0, None, max(len(missing) // 15, 1)):
            names = {axis: numbers.choice(list(values)) for axis, values in AXES.items()}
            names.update(pair)
            while not possible(names):  # what is not of the pair gives way
                axis = next(a for a in reversed(excluded(names)) if a not in dict(pair))
                names[axis] = FIRST[axis]
            found = sum(frozenset(p) in missing for p in itertools.combinations(names.items(), 2))
            if found > most:
                best, most = names, found
        missing -= {frozenset(p) for p in itertools.combinations(best.items(), 2)}
        yield best


def whole_product():
    for values in itertools.product(*AXES.values()):
        names = dict(zip(AXES, values))
        if possible(names):
            yield names


def config_of(names):
    targets, loss, metrics, units = TASKS[names['task']]
    layers = MODELS[names['model']]
    in_blocks = names['task'] == 'blocks'
    columns = lambda first, last: '[' + ', '.join(f'x{i}' for i in range(first, last)) + ']'
    inputs = '{file: x.npy}' if in_blocks else columns(0, FEATURES)
    outputs = ''
    last = f'HDense: {{units: {units}, name: out}}'
    if layers == 'INPUTS':
        inputs = '{a: {file: a.npy}, b: {file: b.npy}}' if in_blocks else f'{{a: {columns(0, 8)}, b: {columns(8, 16)}}}'
        layers = ('Input: {name: a}, Input: {name: b}, HQuantize: {name: q, inputs: a}, HDenseBatchNorm: {units: 5, name: left}, '
                  'HQuantize: {name: r, inputs: b}, HDenseBatchNorm: {units: 5, name: right}, HAdd: {inputs: [left, right]}, ' + last)
    elif layers == 'OUTPUTS':
        layers = ('HQuantize: {name: q}, HDenseBatchNorm: {units: 6, name: trunk, activation: relu}, ' + last +
                  f', HDense: {{units: {units}, name: out2, inputs: trunk}}')
        first, comma, rest = targets.partition(', ')
        if first.startswith('['):
            first, comma, rest = targets, '', ''
        targets = f'{{out: {first}, out2: {first}}}{comma}{rest}'
        outputs = ', outputs: [out, out2]'
    else:
        layers = f'HQuantize: {{name: q}}, {layers}, {last}'
    metrics = metrics.replace('WEIGHTS', '{out: balanced, out2: {0: 2}}' if outputs else 'balanced')
    scale = 'standard' + (', scale_targets: standard' if loss == 'mse' else '')
    optimizer = OPTIMIZERS[names['optimizer']].replace('RATE', SCHEDULES[names['schedule']])
    named = re.search(r'(?<!Input: {)name: (?!q\b|out\b|r\b)(\w+)', layers)  # to freeze: a layer with a name of its own, or the first
    first = re.search(r'HDense(BatchNorm)?|HConv[12]D(BatchNorm)?', layers).group(0)
    layer = named.group(1) if named else first.replace('H', 'h_', 1).replace('BatchNorm', '_batch_norm').lower()
    phases = PHASES[names['phases']].replace('LAYER', layer)
    file = '' if in_blocks else 'file: rows.csv, '
    return (f'seed: 3\ndata: {{{file}inputs: {inputs}, targets: {targets}, validation: 0.2, scale: {scale}}}\n'
            f'model: {{beta: 1.0e-5, {QUANTIZERS[names["quantizer"]]}layers: [{layers}]{outputs}}}\n'
            f'train: {{loss: {loss}, optimizer: {{{optimizer}}}, metrics: {metrics}, batch_size: 32, epochs: {EPOCHS}{phases}}}\n'
            f'callbacks: {CALLBACKS[names["callbacks"]]}\n')


def write_data(folder):
    numbers = random.Random(5)
    lines = [','.join([f'x{i}' for i in range(FEATURES)] + ['y', 'b', 'w'])]
    for row in range(ROWS):
        x = [numbers.gauss(0, 1) for _ in range(FEATURES)]
        label = row if row < 3 else int(x[0] + x[1] > 0) + int(x[2] > 0.5)
        lines.append(','.join([f'{v:.4f}' for v in x] + [str(label % 3), str(int(x[0] * x[1] > 0)), f'{0.5 + row % 4 / 2}']))
    (folder / 'rows.csv').write_text('\n'.join(lines) + '\n')
    rows = [[float(v) for v in line.split(',')] for line in lines[1:]]
    for name, first, last in (('x', 0, FEATURES), ('a', 0, 8), ('b', 8, FEATURES), ('y', FEATURES, FEATURES + 1)):
        shape = f'({ROWS}, {last - first})' if name != 'y' else f'({ROWS},)'
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + '\n'
        values = [v for row in rows for v in row[first:last]]
        (folder / f'{name}.npy').write_bytes(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode() +
                                             struct.pack(f'<{len(values)}f', *values))


class Failure(Exception):
    pass


class Case:
    """A combination in a folder of its own."""

    def __init__(self, args, folder, names):
        self.args, self.names = args, names
        self.title = ' '.join(names.values())
        self.folder = folder / '_'.join(names.values())
        self.folder.mkdir()
        for data in (*folder.glob('*.csv'), *folder.glob('*.npy')):
            shutil.copy(data, self.folder)
        self.config = self.folder / 'case.yaml'
        self.config.write_text(config_of(names))
        self.runs = 0
        self.code = 0  # of a whole run; 3 where there is no proxy of it, but all other files

    def command(self, out, *options):
        return [self.args.program, str(self.config), '--out', str(self.folder / out), '--threads', str(1 + self.runs % 2), *map(str, options)]

    def run(self, out, *options):
        # Progress is shown in some runs: it is no part of what a run remembers.
        self.runs += 1
        quiet = ('--quiet',) if self.runs % 3 else ()
        result = subprocess.run(self.command(out, *quiet, *options), capture_output=True, text=True, timeout=300)
        if result.returncode not in (self.code, 0 if any(str(o).startswith('--stop') for o in options) else self.code):
            raise Failure(f'{self.title}: exit {result.returncode} of {options}: {result.stderr[-2000:]}\n{self.config.read_text()}')
        return result

    def whole(self):
        result = subprocess.run(self.command('whole', '--quiet', '--checkpoint-seconds', 0), capture_output=True, text=True, timeout=300)
        if result.returncode not in (0, 3) or not (self.folder / 'whole/model.h5').exists():
            raise Failure(f'{self.title}: exit {result.returncode}: {result.stderr[-2000:]}\n{self.config.read_text()}')
        self.code = result.returncode

    def compare(self, out):
        whole, other = self.folder / 'whole', self.folder / out
        files = lambda run: sorted(str(p.relative_to(run)) for p in run.rglob('*') if p.is_file() and not p.name.endswith('.lock'))
        if files(whole) != files(other):
            raise Failure(f'{self.title}: {out} has the files {files(other)}, expected {files(whole)}')
        for name in files(whole):
            if name in ('summary.json', 'report.html'):  # hold times
                continue
            if name == 'checkpoint.h5':
                equal = subprocess.run([self.args.equal, str(whole / name), str(other / name)], capture_output=True, text=True)
                if equal.returncode != 0:
                    raise Failure(f'{self.title}: {out}: {name}: {equal.stdout}{equal.stderr}')
            elif name == 'history.csv':
                if history(whole / name) != history(other / name):
                    raise Failure(f'{self.title}: {out}: {name}:\n{(whole / name).read_text()}{(other / name).read_text()}')
            elif (whole / name).read_bytes() != (other / name).read_bytes():
                raise Failure(f'{self.title}: {out}: {name} differs')

    def stopped(self, stops, each):
        """Stopped at all of the moments, one after the other; and at each alone, if asked for."""
        self.whole()
        resume = ()
        for stop in stops:
            self.run('parts', *resume, *stop)
            resume = ('--resume',)
        self.run('parts', '--resume')
        self.compare('parts')
        # A run that is done is continued: nothing is trained, the files are the same.
        self.run('parts', '--resume')
        self.compare('parts')
        for i, stop in enumerate(stops if each else ()):
            self.run(f'stop{i}', *stop)
            self.run(f'stop{i}', '--resume')
            self.compare(f'stop{i}')
        return self.runs

    def killed(self, kills, seed):
        """Runs that are killed at random moments until they are done, as long as there are kills; how many there were."""
        self.whole()
        begin = time.time()
        self.run('timed', '--checkpoint-seconds', 0)
        length = time.time() - begin
        numbers = random.Random(seed)
        done, sequence = 0, 0
        while done < kills:
            out = f'killed{sequence}'
            sequence += 1
            while True:
                resume = ('--resume',) if (self.folder / out / 'config.yaml').exists() else ()
                process = subprocess.Popen(self.command(out, '--quiet', '--checkpoint-seconds', 0, *resume), stdout=subprocess.DEVNULL,
                                           stderr=subprocess.PIPE, text=True)
                try:
                    _, errors = process.communicate(timeout=numbers.random() * length * 1.2 if done < kills else 300)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
                    done += 1
                    continue
                if process.returncode != self.code:
                    raise Failure(f'{self.title}: exit {process.returncode} after {done} kills: {errors}')
                break
            self.compare(out)
            shutil.rmtree(self.folder / out)
        return done


def history(path):
    """Without the column of times."""
    rows = [line.split(',') for line in path.read_text().splitlines()]
    skip = rows[0].index('seconds')
    return [row[:skip] + row[skip + 1:] for row in rows]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--program', required=True)
    parser.add_argument('--equal', required=True, help='the program h5_equal')
    parser.add_argument('--pairs', action='store_true')
    parser.add_argument('--product', action='store_true')
    parser.add_argument('--kills', type=int, default=0, help='in all, spread over the combinations')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--list', action='store_true')
    parser.add_argument('-k', default='', help='only combinations that hold this')
    args = parser.parse_args()
    combinations = list(whole_product() if args.product else each_pair_once() if args.pairs else each_value_once())
    combinations = [names for names in combinations if args.k in ' '.join(names.values())]
    if args.list:
        print('\n'.join(' '.join(names.values()) for names in combinations))
        return 0
    if not combinations:
        print(f"no combination holds '{args.k}'")
        return 2
    if 0 < args.kills < len(combinations):
        combinations = combinations[::-(-len(combinations) // args.kills)]
    folder = pathlib.Path(tempfile.mkdtemp(prefix='hgq_resume_'))
    write_data(folder)
    share = -(-args.kills // len(combinations))

    def work(job):
        number, names = job
        case = Case(args, folder, names)
        try:
            if args.kills:
                return case.killed(share, number), ''
            thorough = args.pairs or args.product
            return case.stopped(STOPS if thorough else STOPS[number % 2::2], thorough), ''
        except (Failure, subprocess.TimeoutExpired) as failure:
            return 0, str(failure)
        finally:
            shutil.rmtree(case.folder, ignore_errors=True)

    begin = time.time()
    failures, count = [], 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done, (runs, failure) in enumerate(pool.map(work, enumerate(combinations)), 1):
            count += runs
            if failure:
                failures.append(failure)
                print(failure, flush=True)
            elif done % 20 == 0:
                print(f'{done} of {len(combinations)} combinations, {time.time() - begin:.0f} s', flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    what = f'{count} kills' if args.kills else f'{count} runs that were stopped or continued'
    print(f'{len(combinations)} combinations, {what}, {len(failures)} that differ, {time.time() - begin:.0f} s')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
