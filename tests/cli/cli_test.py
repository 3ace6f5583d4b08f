#!/usr/bin/env python3
"""hgq-train from the outside: exit codes, messages, files, interruptions. Python's standard library only.

    cli_test.py --program build/bin/hgq-train --source . [--kills 50] [-k NAME]
"""
import argparse
import fcntl
import hashlib
import json
import os
import pathlib
import platform
import pty
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
import zipfile

ARGS = None


def hgq(*args, check=None, **kwargs):
    result = subprocess.run([ARGS.program, *map(str, args)], capture_output=True, text=True, timeout=300, **kwargs)
    if check is not None and result.returncode != check:
        raise AssertionError(f'exit {result.returncode}, expected {check}: {result.stdout}{result.stderr}')
    return result


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def history(folder):
    """history.csv without the column of times."""
    rows = [line.split(',') for line in (pathlib.Path(folder) / 'history.csv').read_text().splitlines()]
    skip = rows[0].index('seconds')
    return [row[:skip] + row[skip + 1:] for row in rows]


SHARED = '''
data: {file: DATA, inputs: {a: x, b: x}, targets: y, validation: 0.1}
model:
  beta: 1.0e-6
  layers:
    - Input: {name: a}
    - Input: {name: b}
    - HQuantize: {name: q, inputs: a}
    - Shared: {layer: q, name: q_b, inputs: b}
    - NestedModel:
        name: block
        inputs: q
        layers:
          - HDense: {units: 8, activation: relu}
          - HDenseBatchNorm: {units: 8, name: last}
    - Shared: {layer: block, inputs: q_b}
    - HAdd: {inputs: [block, block_1]}
    - HDense: {units: 26, name: out}
train: {loss: sparse_categorical_crossentropy, epochs: 2, batch_size: 512}
'''


REGRESSION = '''
data: {inputs: {file: x.npy}, targets: {file: y.npy}}
model: {layers: [{HQuantize: {paq_conf: {init_bw: 8}}}, {HDense: {units: 1, name: out}}]}
train: {loss: mse, epochs: 2}
'''

TABLE = '''
data: {file: h.csv, inputs: "0:2", targets: "2", csv: {header: true}}
model: {layers: [HQuantize, {HDense: {units: 2, name: out}}]}
train: {loss: sparse_categorical_crossentropy, epochs: 1}
'''


def write_npy(path, rows):
    """float32, one column or more."""
    width = len(rows[0])
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {width}), }}"
    header = header.ljust(128 - 11) + '\n'
    values = b''.join(struct.pack(f'<{width}f', *row) for row in rows)
    path.write_bytes(b'\x93NUMPY\1\0' + struct.pack('<H', len(header)) + header.encode() + values)


class CliTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='hgq_cli_'))
        self.config = pathlib.Path(ARGS.source) / 'apps/configs/demo.yaml'
        self.data = pathlib.Path(ARGS.source) / 'data/samples/magic.h5'

    def tearDown(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def train(self, out, *args, check=0, epochs=10):
        return hgq(self.config, '--out', self.folder / out, '--set', f'train.epochs={epochs}', '--quiet', *args, check=check)

    def trained(self, config, name='run'):
        path = self.folder / f'{name}.yaml'
        path.write_text(config)
        hgq(path, '--out', self.folder / name, '--quiet', check=0)
        return self.folder / name / 'model.h5'

    def test_inputs_are_never_taken_for_targets(self):
        x, y = self.folder / 'x.npy', self.folder / 'y.npy'
        write_npy(x, [[i / 8 - 1] for i in range(16)])
        write_npy(y, [[5.0] for _ in range(16)])
        model = self.trained(REGRESSION)
        loss = {}
        for name, arguments in {'data': ('--data', x, '--targets', y), 'inputs': ('--inputs', x, '--targets', y),
                                'layer': ('--data', x, '--targets', f'out={y}')}.items():
            result = hgq('eval', model, *arguments, '--json', check=0)
            loss[name] = json.loads(result.stdout)['loss']
            self.assertIn(f'16 rows: inputs from {x}; targets from {y}', result.stderr)
        self.assertEqual(len(set(loss.values())), 1)
        # A loss and metrics with keys; a Huber of large delta is half the mean squared error.
        told = json.loads(hgq('eval', model, '--data', x, '--targets', y, '--json', '--loss', '{Huber: {delta: 1000}}', '--metrics',
                              'mae,{mse: {}}', check=0).stdout)
        self.assertAlmostEqual(told['loss'], told['mse'] / 2, 4)
        self.assertIn("--loss:1:17: Huber.delta", hgq('eval', model, '--data', x, '--targets', y, '--loss', '{Huber: {delta: -1}}', check=2).stderr)
        self.assertGreater(loss['data'], 10)
        refused = hgq('eval', model, '--data', x, check=2).stderr
        self.assertIn('is taken for the inputs; in training the targets came from another file', refused)
        self.assertIn('give --targets FILE', refused)
        self.assertIn('there is no file of this name', hgq('eval', model, '--inputs', self.folder / 'no.npy', check=2).stderr)
        self.assertIn('there is no file of this name, and', hgq('eval', model, '--data', x, '--targets', 'no.npy', check=2).stderr)
        # The same of two tables of columns by number, and a table of its own for the targets.
        (self.folder / 'x.csv').write_text('a,b\n1,2\n3,4\n')
        (self.folder / 'y.csv').write_text('y\n5\n5\n')
        model = self.trained('data: {inputs: {file: x.csv, name: "0:2"}, targets: {file: y.csv, name: "0"}}\n'
                             'model: {layers: [HQuantize, {HDense: {units: 1}}]}\ntrain: {loss: mse}\n', 'tables')
        self.assertIn('give --targets FILE', hgq('eval', model, '--data', self.folder / 'x.csv', check=2).stderr)
        result = hgq('eval', model, '--data', self.folder / 'x.csv', '--targets', f'{self.folder / "y.csv"}:y', check=0)
        self.assertIn("y.csv, column 'y'", result.stderr)
        table = self.folder / 'x.csv'
        hgq('predict', model, '--data', table, '--inputs', 'a,b', '--out', self.folder / 'p.h5', check=0)
        # Nor does a command write over what it reads.
        before = digest(table), digest(model)
        for args in (('predict', model, '--data', table, '--inputs', 'a,b', '--out', table), ('trace', model, '--inputs', f'{table}:a,b', '--out', table),
                     ('predict', model, '--data', table, '--inputs', 'a,b', '--out', model)):
            self.assertIn('would be lost', hgq(*args, check=2).stderr)
        self.assertEqual(before, (digest(table), digest(model)))

    def test_a_model_keeps_how_csv_files_are_written(self):
        table = self.folder / 'h.csv'
        table.write_text('0,1,2\n' + ''.join(f'{i / 8},{i % 3},{i % 2}\n' for i in range(39)))
        model = self.trained(TABLE)
        result = hgq('eval', model, '--data', table, check=0)
        self.assertIn('39 rows of 3 columns, header (0, 1, 2), separator', result.stderr)
        self.assertIn('39 rows', hgq('predict', model, '--data', table, '--out', self.folder / 'y.h5', check=0).stderr)
        self.assertIn('39 rows', hgq('trace', model, '--data', table, check=0).stderr)
        self.assertIn('39 rows', hgq('predict', model.with_name('proxy.h5'), '--data', table, '--out', self.folder / 'p.h5', check=0).stderr)
        self.assertIn('39 rows', hgq('verify', model.with_name('proxy.h5'), '--against', model, '--data', table, check=0).stderr)
        # What the command says goes before what the model brings.
        other = self.folder / 'o.csv'
        other.write_text('1;1;1\n0;?;1\n0.5;2;0\n')
        given = 'header: false, separator: ";", missing: drop'
        result = hgq('eval', model, '--data', other, '--csv', given, check=0)
        self.assertIn("2 rows of 3 columns, no header, separator ';'; 1 of 3 rows left out", result.stderr)
        self.assertIn("unknown key 'headr'", hgq('eval', model, '--data', other, '--csv', 'headr: true', check=2).stderr)

    def test_labels_of_64_bits_are_told_apart(self):
        codes = [9007199254740992, 9007199254740993, 1000020040, 18446744073709551615]
        (self.folder / 'd.csv').write_text('a,b,pdg\n' + ''.join(f'{i % 5},{i % 3},{codes[i % 4]}\n' for i in range(40)))
        config = self.folder / 'c.yaml'
        config.write_text('data: {file: d.csv, inputs: [a, b], targets: pdg}\n'
                          'model: {layers: [HQuantize, {HDense: {units: 4}}]}\n'
                          'train: {loss: sparse_categorical_crossentropy, metrics: [accuracy]}\n')
        result = hgq(config, '--out', self.folder / 'run', '--quiet', check=0)
        self.assertIn('classes: 1000020040 -> 0, 9007199254740992 -> 1, 9007199254740993 -> 2, 18446744073709551615 -> 3',
                      result.stderr)
        hgq('eval', self.folder / 'run/model.h5', '--data', self.folder / 'd.csv', check=0)

    def test_a_run_writes_its_files_and_the_commands_agree(self):
        self.train('run')
        run = self.folder / 'run'
        for name in ('config.yaml', 'history.csv', 'checkpoint.h5', 'model.h5', 'proxy.h5', 'summary.json', 'pareto/pareto.csv'):
            self.assertTrue((run / name).exists(), name)
        summary = json.loads((run / 'summary.json').read_text())
        self.assertEqual(summary['verify']['rows_differ_without_overflow'], 0)
        self.assertEqual(summary['verify']['rows'], 3804)
        self.assertGreater(summary['model']['accuracy'], 0.8)
        test = ('--data', self.data, '--inputs', 'x_test')
        evaluated = json.loads(hgq('eval', run / 'model.h5', *test, '--targets', 'y_test', '--json', check=0).stdout)
        self.assertAlmostEqual(evaluated['accuracy'], summary['model']['accuracy'], 6)
        traced = json.loads(hgq('trace', run / 'model.h5', '--data', self.data, '--json', check=0).stdout)
        self.assertEqual(traced['total'], summary['bops'])
        verified = json.loads(hgq('verify', run / 'proxy.h5', '--against', run / 'model.h5', *test, '--json', check=0).stdout)
        self.assertEqual(verified['rows_differ'], summary['verify']['rows_differ'])
        layers = json.loads(hgq('summary', run / 'model.h5', '--json', check=0).stdout)['layers']
        self.assertEqual(sum(layer['bops'] for layer in layers), summary['bops'])
        hgq('predict', run / 'proxy.h5', *test, '--out', self.folder / 'y.h5', '--with-inputs', check=0)
        hgq('export', run / 'model.h5', '--out', self.folder / 'again.h5', '--overflow', 'sat', check=0)
        hgq('verify', self.folder / 'again.h5', '--against', run / 'model.h5', *test, check=0)
        # The resolved config reruns the same.
        hgq(run / 'config.yaml', '--out', self.folder / 'second', '--quiet', check=0)
        self.assertEqual(digest(run / 'model.h5'), digest(self.folder / 'second/model.h5'))

    def test_ten_epochs_are_five_and_five(self):
        self.train('whole')
        self.train('parts', '--stop-after', 5)
        self.assertFalse((self.folder / 'parts/model.h5').exists())
        self.train('parts', '--resume')
        for name in ('model.h5', 'proxy.h5', 'pareto/pareto.csv'):
            self.assertEqual(digest(self.folder / 'whole' / name), digest(self.folder / 'parts' / name), name)
        self.assertEqual(history(self.folder / 'whole'), history(self.folder / 'parts'))

    def test_the_same_bits_for_any_number_of_threads(self):
        files = set()
        for threads in (1, 2, 3):
            self.train(f'threads{threads}', '--threads', threads, epochs=3)
            files.add(digest(self.folder / f'threads{threads}/model.h5'))
        self.assertEqual(len(files), 1)

    def test_shared_layers_and_nested_models_run_from_start_to_end(self):
        config = self.folder / 'shared.yaml'
        data = (pathlib.Path(ARGS.source) / 'data/samples/letter.h5').resolve()
        config.write_text(SHARED.replace('DATA', str(data)))
        for threads, parts in ((1, ((),)), (2, (('--stop-after', 1), ('--resume',)))):
            for part in parts:
                hgq(config, '--out', self.folder / f'run{threads}', '--threads', threads, '--quiet', *part, check=0)
        for name in ('model.h5', 'proxy.h5'):
            self.assertEqual(digest(self.folder / 'run1' / name), digest(self.folder / 'run2' / name), name)
        rows = json.loads(hgq('summary', self.folder / 'run1/model.h5', '--json', check=0).stdout)['layers']
        self.assertEqual([row['name'] for row in rows],
                         ['q', 'q_b', 'h_dense', 'last', 'h_dense_0', 'last_0', 'h_add', 'out'])
        self.assertEqual(rows[5]['parameters'], 0)
        verified = json.loads(hgq('verify', self.folder / 'run1/proxy.h5', '--against', self.folder / 'run1/model.h5',
                                  '--data', data, '--inputs', 'a=x,b=x', '--json', check=0).stdout)
        self.assertEqual(verified['rows_differ_without_overflow'], 0)

    def test_interrupted_by_ctrl_c_ends_with_130_and_goes_on(self):
        self.train('whole', epochs=60)
        process = subprocess.Popen([ARGS.program, str(self.config), '--out', str(self.folder / 'cut'), '--set', 'train.epochs=60', '--quiet'],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (self.folder / 'cut/config.yaml').exists():
            time.sleep(0.001)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=60)
        if code == 0:
            self.skipTest('the run was over before the signal')
        self.assertEqual(code, 130)
        self.assertTrue((self.folder / 'cut/checkpoint.h5').exists())
        self.train('cut', '--resume', epochs=60)
        self.assertEqual(digest(self.folder / 'whole/model.h5'), digest(self.folder / 'cut/model.h5'))
        self.assertEqual(history(self.folder / 'whole'), history(self.folder / 'cut'))

    def test_killed_at_any_moment_it_resumes(self):
        begin = time.time()
        self.train('whole', '--checkpoint-seconds', 0, epochs=30)
        length = time.time() - begin
        numbers = random.Random(1)
        with_checkpoint = 0
        for kill in range(ARGS.kills):
            out = self.folder / f'killed{kill}'
            process = subprocess.Popen([ARGS.program, str(self.config), '--out', str(out), '--set', 'train.epochs=30', '--quiet',
                                        '--checkpoint-seconds', '0'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(numbers.random() * length)
            process.kill()
            process.wait()
            if (out / 'checkpoint.h5').exists():
                with_checkpoint += 1
                hgq('summary', out / 'checkpoint.h5', check=0)  # whole
            begun = (out / 'config.yaml').exists()  # else there is nothing to go on with
            self.train(out.name, *(('--resume',) if begun else ()), epochs=30)
            self.assertEqual(digest(self.folder / 'whole/model.h5'), digest(out / 'model.h5'), f'kill {kill}')
            self.assertEqual(history(self.folder / 'whole'), history(out))
            self.assertEqual(digest(self.folder / 'whole/pareto/pareto.csv'), digest(out / 'pareto/pareto.csv'))
            self.assertEqual(list(out.rglob('*.part')), [])
            shutil.rmtree(out)
        self.assertGreater(with_checkpoint, ARGS.kills // 3)

    def test_two_programs_in_one_folder_do_not_disturb_each_other(self):
        self.train('whole', epochs=20)
        for round_ in range(ARGS.rounds):
            out = self.folder / f'both{round_}'
            command = [ARGS.program, str(self.config), '--out', str(out), '--set', 'train.epochs=20', '--quiet']
            both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
            said = [process.communicate(timeout=120)[1] for process in both]
            codes = [process.returncode for process in both]
            self.assertEqual(sorted(codes), [0, 2], said)
            message = said[codes.index(2)]
            winner = both[codes.index(0)].pid
            self.assertTrue(f'in use by another program (process {winner} on ' in message or 'contains a run already' in message, message)
            for name in ('model.h5', 'proxy.h5', 'pareto/pareto.csv'):
                self.assertEqual(digest(self.folder / 'whole' / name), digest(out / name), name)
            self.assertEqual({path.name for path in out.iterdir()}, {path.name for path in (self.folder / 'whole').iterdir()})

    def test_a_run_in_progress_can_be_read_and_not_be_disturbed(self):
        out = self.folder / 'run'
        process = subprocess.Popen([ARGS.program, str(self.config), '--out', str(out), '--set', 'train.epochs=1000000', '--quiet',
                                    '--checkpoint-seconds', '0'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not (out / 'checkpoint.h5').exists():
                time.sleep(0.01)
            hgq('summary', out / 'checkpoint.h5', check=0)
            result = hgq(self.config, '--out', out, '--set', 'train.epochs=1000000', '--resume', check=2)
            self.assertIn(f'in use by another program (process {process.pid} on ', result.stderr)
        finally:
            process.kill()
            process.wait()
        for left in ('history.csv.part', 'pareto/epoch_0007.h5.part'):
            (out / left).write_text('half')
        hgq(self.config, '--out', out, '--set', 'train.epochs=1000000', '--resume', '--stop-after', 1, '--quiet', check=0)
        self.assertEqual([*out.rglob('*.part'), *out.rglob('.lock')], [])

    def test_files_that_wait_for_a_checkpoint_are_those_of_their_epoch(self):
        callbacks = '[FreeBOPs, {ParetoFront: {metrics: [loss, bops], best: [min, min]}}, {Checkpoint: {file: best.h5, save_best_only: true, monitor: loss}}]'
        for name, seconds in (('at_once', 0), ('later', 1000)):
            self.train(name, '--set', f'callbacks={callbacks}', '--checkpoint-seconds', seconds, epochs=30)
        names = [path.relative_to(self.folder / 'later') for path in (self.folder / 'later/pareto').iterdir()]
        self.assertGreater(len(names), 1)  # pareto.csv and a model
        for name in ('best.h5', 'model.h5', *names):
            self.assertEqual(digest(self.folder / 'at_once' / name), digest(self.folder / 'later' / name), name)

    def weighted_run(self, name, weights, targets='[y]', layers='HDense: {units: 1}'):
        """Trains one batch on 64 rows of a CSV file with columns x0, x1, y, w (0 or 2), two; its first epoch."""
        rows = [(0.1 * (i % 7) - 0.3, 0.05 * (i % 11), 0.5 * (i % 3) - 0.2, 0 if i % 2 else 2, 2) for i in range(64)]
        data = self.folder / 'rows.csv'
        data.write_text('x0,x1,y,w,two\n' + ''.join(','.join(f'{v:.3f}' for v in row) + '\n' for row in rows))
        config = self.folder / f'{name}.yaml'
        config.write_text(f'seed: 1\ndata: {{file: rows.csv, inputs: [x0, x1], targets: {targets}{weights}}}\n'
                          f'model: {{layers: [HQuantize: {{name: q}}, {layers}]}}\n'
                          'train: {loss: mse, metrics: [mae], weighted_metrics: [mae], optimizer: {SGD: {learning_rate: 0.1}}, batch_size: 64, epochs: 2}\n')
        hgq(config, '--out', self.folder / name, '--quiet', '--set', 'model.beta=0', check=0)
        rows = history(self.folder / name)
        return {key: float(value) for key, value in zip(rows[0], rows[1]) if key != 'epoch'}

    def test_sample_weights_weigh_the_rows(self):
        plain = self.weighted_run('plain', '')
        two = self.weighted_run('two', ', sample_weights: two')
        some = self.weighted_run('some', ', sample_weights: w, validation: 0.25')
        self.assertAlmostEqual(two['mae'], plain['mae'], 5)
        self.assertAlmostEqual(two['weighted_mae'], plain['mae'], 5)
        self.assertNotAlmostEqual(some['weighted_mae'], some['mae'], 3)
        self.assertNotAlmostEqual(some['val_weighted_mae'], some['val_mae'], 3)
        penalty = two['loss'] - 2 * plain['loss']  # twice the task loss; the price of bits stays
        self.assertLess(abs(penalty), 0.02 * plain['loss'])
        self.assertNotEqual(digest(self.folder / 'plain/model.h5'), digest(self.folder / 'two/model.h5'))
        summary = json.loads((self.folder / 'some/summary.json').read_text())
        self.assertAlmostEqual(summary['proxy']['weighted_mae'], summary['model']['weighted_mae'], 5)
        self.assertAlmostEqual(summary['proxy']['mae'], summary['model']['mae'], 5)
        self.assertAlmostEqual(summary['proxy']['task_loss'], summary['model']['loss'], 2)
        hgq(self.folder / 'some/config.yaml', '--out', self.folder / 'again', '--quiet', check=0)
        self.assertEqual(digest(self.folder / 'some/model.h5'), digest(self.folder / 'again/model.h5'))
        refused = hgq(self.folder / 'some.yaml', '--out', self.folder / 'some', '--resume', '--quiet', '--set', 'data.sample_weights=two', check=2)
        self.assertIn('data.sample_weights', refused.stderr)
        # eval: half of the rows with weight 2 are those rows alone.
        data = ('--data', self.folder / 'rows.csv', '--json')
        model = self.folder / 'plain/model.h5'
        whole = json.loads(hgq('eval', model, *data, check=0).stdout)
        doubled = json.loads(hgq('eval', model, *data, '--sample-weights', 'two', check=0).stdout)
        half = json.loads(hgq('eval', model, *data, '--sample-weights', 'w', check=0).stdout)
        self.assertAlmostEqual(doubled['mae'], whole['mae'], 6)
        self.assertGreater(doubled['loss'], 1.9 * whole['loss'])
        self.assertNotAlmostEqual(half['weighted_mae'], whole['mae'], 3)
        self.assertIn("no column 'v'", hgq('eval', model, *data, '--sample-weights', 'v', check=2).stderr)

    def test_sample_weights_of_two_outputs(self):
        two_outputs = ('{a: y, b: y}', 'HDense: {units: 1, name: a}, HDense: {units: 1, name: b, inputs: q}')
        plain = self.weighted_run('plain', '', *two_outputs)
        own = self.weighted_run('own', ', sample_weights: {b: two}', *two_outputs)
        self.assertAlmostEqual(own['a_loss'], plain['a_loss'], 6)
        self.assertAlmostEqual(own['b_loss'], 2 * plain['b_loss'], 6)
        # The traced rows are those that were tested, so model and proxy have the same outputs.
        summary = json.loads((self.folder / 'own/summary.json').read_text())
        self.assertEqual(summary['verify']['rows_differ'], 0)
        for name in ('task_loss', 'a_loss', 'b_loss', 'a_mae', 'b_mae', 'b_weighted_mae'):
            self.assertEqual(summary['proxy'][name], summary['model'][name], name)
        self.assertAlmostEqual(summary['proxy']['task_loss'], summary['proxy']['a_loss'] + summary['proxy']['b_loss'], 12)

    def test_a_folder_with_a_run_is_refused(self):
        self.train('run', epochs=1)
        self.assertIn('contains a run already', self.train('run', check=2, epochs=1).stderr)
        refused = hgq(self.config, '--out', self.folder / 'run', '--resume', '--set', 'train.batch_size=64', '--set', 'train.epochs=1', check=2)
        self.assertIn('train.batch_size', refused.stderr)

    def test_resume_goes_on_with_the_run_that_is_meant_or_says_why_not(self):
        run = self.folder / 'runs/magic'
        hgq(self.config, '--out', run, '--set', 'train.epochs=4', '--stop-after-steps', 30, check=0)
        # A folder that is not there, or holds no run.
        mistyped = hgq(self.config, '--out', self.folder / 'runs/magik', '--set', 'train.epochs=4', '--resume', check=2)
        self.assertIn("does not exist, did you mean 'magic'?; --resume continues", mistyped.stderr)
        self.assertFalse((self.folder / 'runs/magik').exists())
        self.assertIn('contains no run', hgq(self.config, '--out', self.folder, '--resume', check=2).stderr)
        self.assertIn('does not exist', hgq(self.config.resolve(), '--resume', check=2, cwd=self.folder).stderr)
        # A run's own config.yaml names its folder; --quiet may change.
        refused = hgq(run / 'config.yaml', check=2, cwd=self.folder)
        self.assertIn('contains a run already', refused.stderr)
        gone_on = hgq(run / 'config.yaml', '--resume', '--quiet', '--stop-after', 2, check=0, cwd=self.folder)
        self.assertIn('continues at epoch 2 of 4, after its batch 4', gone_on.stderr)
        gone_on = hgq('config.yaml', '--resume', check=0, cwd=run)
        self.assertIn('continues at epoch 3 of 4\n', gone_on.stderr)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ['runs'])
        again = hgq(run / 'config.yaml', '--resume', '--quiet', check=0, cwd=self.folder)
        self.assertIn('all 4 epochs are done', again.stderr)
        # A run without a checkpoint starts anew and says so.
        (run / 'checkpoint.h5').unlink()
        self.assertIn('starting anew', hgq(self.config, '--out', run, '--set', 'train.epochs=4', '--resume', '--quiet', check=0).stderr)
        # A config of that name that is no run's.
        shutil.copy(run / 'config.yaml', self.folder / 'config.yaml')
        hgq('config.yaml', '--quiet', '--set', 'train.epochs=1', check=0, cwd=self.folder)
        self.assertTrue((self.folder / 'runs/config/model.h5').exists())

    def test_more_epochs_keep_the_length_of_schedules(self):
        beta = ('--set', 'callbacks=[BetaSchedule: {from: 1.0e-6, to: 1.0e-4}]')
        self.train('run', *beta, epochs=2)
        longer = self.train('run', *beta, '--resume', epochs=4)
        self.assertIn('train.epochs is 4; schedules keep the length with which the run began, 2 epochs', longer.stderr)
        rows = history(self.folder / 'run')
        column = rows[0].index('beta')
        self.assertEqual([f'{float(row[column]):.1e}' for row in rows[1:]], ['1.0e-06', '1.0e-04', '1.0e-04', '1.0e-04'])
        # The config of the run reruns it, all four epochs at once.
        hgq(self.folder / 'run/config.yaml', '--out', self.folder / 'again', '--quiet', check=0)
        for name in ('model.h5', 'config.yaml'):
            self.assertEqual(digest(self.folder / 'run' / name), digest(self.folder / 'again' / name), name)

    def test_terminate_on_nan_keeps_the_model_as_it_is(self):
        sets = ('--set', 'callbacks=[TerminateOnNaN]', '--set', 'train.optimizer={SGD: {learning_rate: 1.0e+30}}')
        ended = self.train('run', *sets, check=3)
        self.assertIn('TerminateOnNaN: epoch 1, batch 2: the loss is', ended.stderr)
        self.assertIn('there is no proxy.h5', ended.stderr)
        run = self.folder / 'run'
        self.assertEqual(sorted(p.name for p in run.iterdir() if p.name != '.lock'), ['config.yaml', 'history.csv', 'model.h5', 'summary.json'])
        self.assertEqual(len(history(run)), 2)
        self.assertIn('not finite', json.loads((run / 'summary.json').read_text())['not_exported'])
        self.assertIn('not finite', hgq('summary', run / 'model.h5', check=2).stderr)

    def test_check_lists_all_errors_with_places(self):
        bad = self.folder / 'bad.yaml'
        text = self.config.read_text().replace('HQuantize', 'HQantize').replace('epochs: 120', 'epochs: -1').replace('ResetMinMax', 'ResetMinmax')
        bad.write_text(text.replace('../../data', str(pathlib.Path(ARGS.source).resolve() / 'data')))
        out = hgq('check', bad, check=2).stdout
        for words in ("did you mean 'HQuantize'", 'epochs', "did you mean 'ResetMinMax'"):
            self.assertIn(words, out)
        self.assertTrue(all(line.startswith(str(bad)) for line in out.splitlines() if line), out)
        self.assertEqual(hgq('check', self.config).returncode, 0)

    def test_every_config_is_without_errors(self):
        configs = sorted((pathlib.Path(ARGS.source) / 'apps/configs').glob('*.yaml'))
        self.assertGreaterEqual(len(configs), 8)
        for config in configs:
            result = hgq('check', config)
            if 'there is no such file' in result.stdout:  # data that are installed or made apart
                self.assertIn(config.stem, ('fashion_mnist', 'svhn_cnn', 'muon', 'jet_mixer'), result.stdout)
                self.assertEqual(len(result.stdout.splitlines()), 1, result.stdout)
            else:
                self.assertEqual(result.returncode, 0, result.stdout)

    def test_bad_usage_and_files_end_with_2_and_one_message(self):
        for args, words in (((), 'give a config'), (('nothing.yaml',), 'nothing.yaml'), (('frobnicate', 'x'), ''),
                            (('summary', self.data), ''), (('summary', self.config), ''), (('summary', self.folder), ''),
                            (('eval', self.data, '--data', self.data), ''), (('export', self.data, '--out', self.folder / 'p.h5'), '')):
            result = hgq(*args)
            self.assertEqual(result.returncode, 2, (args, result.stderr))
            self.assertIn(words, result.stderr)
            self.assertTrue(result.stderr.strip(), args)

    def test_slips_on_the_command_line_are_helped(self):
        for args, words in (
                (('chekc', self.config), "there is no command or file 'chekc', did you mean the command 'check'?"),
                (('train', self.config), f"there is no command 'train'; a config alone starts a training run: hgq-train {self.config}"),
                ((self.config, 'check'), f'the command must come first: hgq-train check {self.config}'),
                ((str(self.config)[:-1],), f"there is no such file, did you mean '{self.config}'?"),
                ((self.config.parent / 'zzz.yaml',), 'there are: '),
                ((self.folder / 'none/x.yaml',), 'there is no folder'),
                ((self.data,), 'is an HDF5 file (a model, or data), expected a config (YAML)'),
                ((self.folder,), 'is a folder, expected a config (YAML)'),
                ((self.config, '--epochs', 3), "a training run has no option '--epochs'; it is a key of the config: --set train.epochs=..."),
                ((self.config, '--thread', 3), "did you mean '--threads'?"),
                ((self.config, '--threads', '0x10'), "--threads: found '0x10', expected an integer in [1, 4096]"),
                ((self.config, '--checkpoint-seconds', 'soon'), "--checkpoint-seconds: found 'soon', expected a number of at least 0"),
                ((self.config, '--out'), '--out needs a value, FOLDER'),
                (('export', 'm.h5', '--out', 'p.h5', '--overflow', 'wrp'), "--overflow: found 'wrp', expected one of wrap, sat, did you mean 'wrap'?"),
                ((self.config, '--set', 'train.epochs', 3), 'did you mean --set train.epochs=3?'),
                (('summary', str(self.data)[:-3] + 'x.h5'), f"there is no such file, did you mean '{self.data}'?"),
                (('predict', 'm.h5'), "'predict' needs --out, HDF5 file to write"),
                (('summary', 'm.h5', '--threads', 1), "'summary' has no option '--threads'")):
            result = hgq(*args, check=2)
            self.assertIn(words, result.stderr, args)
            self.assertTrue(result.stderr.startswith('hgq-train: error: '), result.stderr)
            self.assertEqual(result.stdout, '')

    def test_version_help_completion_and_manual(self):
        version = hgq('--version', check=0).stdout
        for words in ('hgq 0.', 'HDF5 1.', 'zlib 1.', 'yaml-cpp 0.', 'fmt ', 'CLI11 2', 'nlohmann-json 3', 'muparser 2', 'built by ', 'x86-64' if 'x86' in platform.machine() else ''):
            self.assertIn(words, version)
        manual = hgq('manual', check=0).stdout
        for page in (hgq('--help', check=0).stdout, manual):
            self.assertIn('130', page)
        scripts = {shell: hgq('completion', shell, check=0).stdout for shell in ('bash', 'zsh', 'fish')}
        commands = re.findall(r'^  ([a-z]+)  ', hgq('--help', check=0).stdout.split('Subcommands:')[1], re.MULTILINE)
        self.assertIn('verify', commands)
        for command in commands:  # each option of each command is in all of them
            for option in re.findall(r'--([a-z][a-z-]+)', ''.join(line[:28] for line in hgq(command, '--help', check=0).stdout.splitlines())):
                for shell, script in scripts.items():
                    self.assertIn(option, script, (shell, command))
                self.assertIn(option.replace('-', '\\-'), manual, command)
        for shell, script in scripts.items():
            if shutil.which(shell):
                subprocess.run([shell, '-n'], input=script, text=True, check=True)
        for line, expected in (('hgq-train ver', 'verify'), ('hgq-train export m.h5 --overflow ', 'wrap sat'), ('hgq-train check --', '--set'),
                               ('hgq-train completion z', 'zsh'), (f'hgq-train {self.config.parent}/dem', str(self.config))):
            words = ' '.join(f"'{word}'" for word in line.split(' '))
            asked = f'{scripts["bash"]}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _hgq_train; echo "${{COMPREPLY[*]}}"'
            reply = subprocess.run(['bash', '-c', asked], capture_output=True, text=True, check=True).stdout
            self.assertIn(expected, reply, line)

    def progress_on_a_terminal(self, columns, environment, resized=None, epochs=200):
        """What a run writes to a terminal of so many columns, cut where the line is begun anew."""
        config = self.folder / 'small.yaml'
        (self.folder / 'rows.csv').write_text('x0,x1,y\n' + ''.join(f'{i % 7}.5,{i % 5}.25,{i % 3}.5\n' for i in range(64)))
        config.write_text('data: {file: rows.csv, inputs: [x0, x1], targets: y, validation: 0.25}\nmodel: {layers: [HQuantize, HDense: {units: 1}]}\n'
                          'train: {loss: mse, metrics: [mae], batch_size: 16, epochs: EPOCHS}\ncallbacks: [ResetMinMax, FreeBOPs]\n'.replace('EPOCHS', str(epochs)))
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('4H', 24, columns, 0, 0))
        process = subprocess.Popen([ARGS.program, str(config), '--out', str(self.folder / f'tty{columns}{resized}{len(environment)}')],
                                   stdout=subprocess.DEVNULL, stderr=slave, env={**{k: v for k, v in os.environ.items() if k != 'COLUMNS'}, **environment})
        os.close(slave)
        text = b''
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            text += part
            if resized and b'epoch' in text:
                fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('4H', 24, resized, 0, 0))
        os.close(master)
        self.assertEqual(process.wait(), 0, text)
        lines = [line for line in text.decode().split('\r\x1b[K')[1:]]
        self.assertGreater(len(lines), 0)
        # What follows the last line of progress are messages, on lines of their own.
        lines[-1], _, rest = lines[-1].partition('\r\n')
        self.assertNotIn('epoch', rest)
        return lines

    def test_progress_fits_the_terminal(self):
        wide = self.progress_on_a_terminal(200, {})
        self.assertRegex(wide[-1], r'^\[#+\] epoch 200/200  loss \S+  val_mae \S+  bops \S+  \S+ left  .*samples/s$')
        for columns, environment, most in ((60, {}, 59), (20, {}, 19), (0, {'COLUMNS': '40'}, 39), (100, {'COLUMNS': '30'}, 29), (0, {}, 79), (3, {}, 2)):
            lines = self.progress_on_a_terminal(columns, environment)
            self.assertLessEqual(max(map(len, lines)), most, lines)
            if most > 15:
                self.assertTrue(all(line.split(' ', 1)[-1].startswith('epoch') or line.startswith('epoch') for line in lines), lines)
        resized = self.progress_on_a_terminal(120, {}, resized=50, epochs=20000)
        self.assertLessEqual(len(resized[-1]), 49, resized)

    def test_a_file_that_was_cut_off_is_refused(self):
        self.train('run', epochs=1)
        content = (self.folder / 'run/model.h5').read_bytes()
        path = self.folder / 'cut.h5'
        for share in (0, 0.01, 0.5, 0.99):
            path.write_bytes(content[:int(share * len(content))])
            result = hgq('summary', path, check=2)
            self.assertIn('cut.h5', result.stderr)

    def test_a_damaged_checkpoint_is_refused(self):
        self.train('run', '--stop-after', 2)
        checkpoint = self.folder / 'run/checkpoint.h5'
        content = checkpoint.read_bytes()
        numbers = random.Random(2)
        refused = 0
        for _ in range(20):
            place = numbers.randrange(len(content))
            checkpoint.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1:])
            result = self.train('run', '--resume', '--stop-after', 3, check=None)
            self.assertIn(result.returncode, (0, 2), result.stderr)
            if result.returncode == 2:
                self.assertIn('checkpoint.h5', result.stderr)
                refused += 1
        self.assertGreater(refused, 3)  # much of a small file's layout is unused room
        checkpoint.write_bytes(content)
        self.train('run', '--resume')

    def test_the_reference_of_the_config_is_up_to_date(self):
        page = hgq('reference', check=0).stdout
        self.assertEqual(page, (pathlib.Path(ARGS.source) / 'docs/config.md').read_text(), 'write it anew: hgq-train reference > docs/config.md')
        for words in ('HDenseBatchNorm', 'CosineDecayRestarts', 'ParetoFront', '`kq_conf`', 'sparse_categorical_crossentropy'):
            self.assertIn(words, page)

    def test_a_loss_that_is_not_finite_ends_with_3(self):
        result = hgq(self.config, '--out', self.folder / 'run', '--quiet', '--set', 'train.optimizer={SGD: {learning_rate: 1.0e+30}}', check=3)
        self.assertIn('not finite', result.stderr)
        self.assertFalse((self.folder / 'run/model.h5').exists())

    def test_formulas_train_resume_and_predict_and_are_exported_as_tables(self):
        layers = '[HQuantize, HDense: {units: 8}, HActivation: {activation: x*x}, HDense: {units: 4}, HActivation: {activation: sin(3*x)}, HDense: {units: 2}]'
        with_tables = ('--set', f'model.layers={layers}')
        sets = (*with_tables, '--set', 'export.unary_lut_max_table_size=-1')
        checked = hgq('check', self.config, *sets, check=0).stderr
        self.assertIn("warning: no proxy.h5 will be written: layer 'h_activation' (HActivation): the function 'x*x' can only be exported as a table", checked)
        whole = self.train('whole', *sets, check=3, epochs=4)
        self.assertIn('there is no proxy.h5', whole.stderr)
        self.assertIn('Python HGQ can open the file only if', whole.stderr)
        self.train('run', *sets, '--stop-after', '2', check=0, epochs=4)
        self.train('run', *sets, '--resume', check=3, epochs=4)
        run = self.folder / 'run'
        self.assertFalse((run / 'proxy.h5').exists())
        self.assertEqual(digest(run / 'model.h5'), digest(self.folder / 'whole/model.h5'))
        summary = json.loads((run / 'summary.json').read_text())
        self.assertIn('can only be exported as a table', summary['not_exported'])
        test = ('--data', self.data, '--inputs', 'x_test')
        evaluated = json.loads(hgq('eval', run / 'model.h5', *test, '--targets', 'y_test', '--json', check=0).stdout)
        self.assertAlmostEqual(evaluated['accuracy'], summary['model']['accuracy'], 6)
        hgq('predict', run / 'model.h5', *test, '--out', self.folder / 'y.h5', check=0)
        traced = json.loads(hgq('trace', run / 'model.h5', '--data', self.data, '--json', check=0).stdout)
        self.assertEqual(traced['total'], summary['bops'])
        proxy = self.folder / 'p.h5'
        self.assertIn('can only be exported as a table', hgq('export', run / 'model.h5', '--out', proxy, '--unary-lut-max-table-size=-1', check=2).stderr)
        self.assertIn('needs a table of 2^', hgq('export', run / 'model.h5', '--out', proxy, '--unary-lut-max-table-size', 2, check=2).stderr)
        self.assertFalse(proxy.exists())
        hgq('export', run / 'model.h5', '--out', proxy, '--unary-lut-max-table-size', 65536, check=0)
        verified = json.loads(hgq('verify', proxy, '--against', run / 'model.h5', *test, '--json', check=0).stdout)
        self.assertEqual(verified['rows_differ_without_overflow'], 0)
        self.train('tables', *with_tables, '--set', 'export.unary_lut_max_table_size=65536', check=0)
        self.assertTrue((self.folder / 'tables/proxy.h5').exists())
        self.assertIn('not finite', self.train('nan', '--set', f'model.layers={layers.replace("x*x", "log(x)")}', check=3).stderr)

    def test_what_keras_and_hls4ml_do_otherwise_is_said_before_training_at_export_and_by_verify(self):
        layers = '[HQuantize, {HDense: {units: 2, name: d, kernel_constraint: {ElementMask: {band: 3}}}}, {HActivation: {activation: tanh, name: t, paq_conf: {init_bw: 11}}}]'
        sets = ('--set', f'model.layers={layers}', '--set', 'export.unary_lut_max_table_size=-1')
        mask, table = "note: layer 'd': its kernel_constraint ElementMask", "note: layer 't': hls4ml computes tanh from its own table"
        checked = hgq('check', self.config, *sets, check=0).stdout
        said = self.train('noted', *sets, check=0).stderr
        run = self.folder / 'noted'
        exported = hgq('export', run / 'model.h5', '--out', self.folder / 'p.h5', '--unary-lut-max-table-size=-1', check=0).stderr
        verified = hgq('verify', self.folder / 'p.h5', '--against', run / 'model.h5', '--data', self.data, '--inputs', 'x_test')
        for text in (checked, said):
            self.assertIn(mask, text)
        for text in (checked, said, exported, verified.stderr):
            self.assertIn(table, text)
        self.assertEqual(verified.returncode, 1)
        self.assertIn("hls4ml's own table of tanh", verified.stdout)
        self.assertNotIn('from its own table', hgq('export', run / 'model.h5', '--out', self.folder / 'q.h5', check=0).stderr)
        hgq('verify', self.folder / 'q.h5', '--against', run / 'model.h5', '--data', self.data, '--inputs', 'x_test', check=0)

    def test_a_model_of_python_hgq_is_traced_exported_and_verified(self):
        golden = pathlib.Path(ARGS.source) / 'tests/golden/models/mlp_relu'
        model, data = golden / 'hgq.h5', ('--data', golden / 'data.h5')
        self.assertIn('run trace first', hgq('export', model, '--out', self.folder / 'proxy.h5', check=2).stderr)
        self.assertFalse((self.folder / 'proxy.h5').exists())
        traced = self.folder / 'traced.h5'
        total = json.loads(hgq('trace', model, *data, '--inputs', 'x/calib', '--out', traced, '--json', check=0).stdout)['total']
        self.assertEqual(total, json.loads((golden / 'case.json').read_text())['bops']['trace']['total'])
        hgq('export', traced, '--out', self.folder / 'proxy.h5', check=0)
        verified = json.loads(hgq('verify', self.folder / 'proxy.h5', '--against', traced, *data, '--inputs', 'x/overflow', '--json', check=0).stdout)
        self.assertEqual(verified['rows_differ_without_overflow'], 0)
        self.assertGreater(verified['rows_with_overflow'], 0)
        hgq('verify', self.folder / 'proxy.h5', '--against', traced, *data, '--inputs', 'x/overflow', '--strict', check=1)
        self.assertIn('give --loss', hgq('eval', traced, *data, '--inputs', 'x/calib', '--targets', 'x/calib', check=2).stderr)

    def test_a_model_of_qkeras_becomes_a_proxy_that_predicts_the_same(self):
        model = pathlib.Path(ARGS.source) / 'tests/layers/files/qkeras_model.h5'
        proxy = self.folder / 'proxy.h5'
        imported = hgq('import', model, '--out', proxy, check=0)
        self.assertIn('conv_bn_relu_quantizer', imported.stdout)
        self.assertIn('part of conv', imported.stdout)
        hgq('predict', proxy, '--data', model, '--inputs', 'data/x', '--out', self.folder / 'y.h5', check=0)
        first_rows = struct.pack('<10f', *[-2.75, -4.125, 5.125, 1.375, 6.25, 3.0, -3.0, 3.75, 5.25, 5.375])  # what QKeras predicts
        self.assertIn(first_rows, (self.folder / 'y.h5').read_bytes())
        wrapping = self.folder / 'wrapping.h5'
        hgq('import', model, '--out', wrapping, '--overflow', 'wrap', check=0)
        self.assertNotEqual(digest(proxy), digest(wrapping))
        for args in (('summary', model), ('export', model, '--out', self.folder / 'p.h5'), ('predict', model, '--data', model, '--out', self.folder / 'p.h5'),
                     ('verify', proxy, '--against', model, '--data', model)):
            self.assertIn('is a model of QKeras', hgq(*args, check=2).stderr, args)
        self.assertIn(f"'hgq-train import {model} --out proxy.h5' makes one of this model", hgq('verify', model, '--against', model, '--data', model, check=2).stderr)
        self.assertIn('is a proxy already', hgq('import', proxy, '--out', self.folder / 'p.h5', check=2).stderr)
        self.assertFalse((self.folder / 'p.h5').exists())
        self.assertIn('are for those of Python HGQ', hgq('import', model, '--out', self.folder / 'p.h5', '--epsilon', 0.1, check=2).stderr)
        python = pathlib.Path(ARGS.source) / 'tests/golden/models/mlp_relu/hgq.h5'
        self.assertIn('are for models of QKeras', hgq('import', python, '--out', self.folder / 'p.h5', '--overflow', 'sat', check=2).stderr)
        self.assertIn('--overflow', hgq('import', model, '--out', proxy, '--overflow', 'round', check=2).stderr)

    def test_keras_files_of_other_forms_become_proxies(self):
        files = pathlib.Path(ARGS.source) / 'tests/layers/files'
        proxy = self.folder / 'proxy.h5'
        imported = hgq('import', files / 'keras_3.keras', '--out', proxy, '--input-bits', 'image=ap_fixed<12,6>', check=0)
        self.assertIn('MaxPooling2D top, Flatten top_flat', imported.stdout)
        hgq('predict', proxy, '--data', files / 'keras_3_data.h5', '--inputs', 'x', '--out', self.folder / 'y.h5', check=0)
        self.assertIn('--input-bits', hgq('import', files / 'keras_3.keras', '--out', proxy, check=2).stderr)
        with zipfile.ZipFile(files / 'keras_2.keras') as archive:
            (self.folder / 'model.json').write_bytes(archive.read('config.json'))
        hgq('import', self.folder / 'model.json', '--weights', files / 'keras_2_legacy.h5', '--out', proxy, check=0)
        hgq('import', files / 'keras_2.keras', '--out', self.folder / 'same.h5', check=0)
        self.assertEqual(digest(proxy), digest(self.folder / 'same.h5'))
        for command in (('summary',), ('export', '--out', self.folder / 'p.h5')):
            self.assertIn("saved as HDF5", hgq(command[0], files / 'keras_2.keras', *command[1:], check=2).stderr)

    def test_a_qkeras_model_that_can_not_be_a_proxy_is_refused_with_all_reasons(self):
        content = (pathlib.Path(ARGS.source) / 'tests/layers/files/qkeras_model.h5').read_bytes()
        for good, bad in ((b'quantized_bits(7,2,0,alpha=1)', b'quantized_bits(7,2,0,alpha=2)'), (b'"quantized_relu(5,1)"', b'"quantized_rely(5,1)"')):
            self.assertEqual(content.count(good), 1)
            content = content.replace(good, bad)
        path = self.folder / 'bad.h5'
        path.write_bytes(content)
        stderr = hgq('import', path, '--out', self.folder / 'p.h5', check=2).stderr
        self.assertIn("layer 'q' (QActivation): activation quantized_bits(7,2,0,alpha=2): alpha is 2", stderr)
        self.assertIn("layer 'act' (QActivation): activation quantized_rely(5,1)", stderr)
        self.assertFalse((self.folder / 'p.h5').exists())


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    parser.add_argument('--program', required=True)
    parser.add_argument('--source', required=True)
    parser.add_argument('--kills', type=int, default=8)
    parser.add_argument('--rounds', type=int, default=3, help='of two programs in one folder')
    parser.add_argument('-k', default=None)
    ARGS, rest = parser.parse_known_args()
    ARGS.program = str(pathlib.Path(ARGS.program).resolve())
    names = ['-k', ARGS.k] if ARGS.k else []
    unittest.main(argv=[sys.argv[0], '-v', *names, *rest])


if __name__ == '__main__':
    main()
