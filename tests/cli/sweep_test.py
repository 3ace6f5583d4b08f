#!/usr/bin/env python3
"""hgq-train sweep: its runs are those that their configs give alone, and it ends in the same table however often it is stopped.

    sweep_test.py --program build/bin/hgq-train --source . [-k NAME] [--runs 40 --kills 20]
"""
import csv
import fcntl
import json
import os
import pathlib
import pty
import random
import re
import shutil
import signal
import struct
import subprocess
import termios
import time

from cli_support import ARGS, CliTestCase, hgq, history, main

BASE = '''
data: {file: rows.csv, inputs: [a, b], targets: label, validation: 0.25}
model: {beta: 1.0e-5, layers: [HQuantize, {HDense: {units: 4, activation: relu, name: h}}, {HDense: {units: 2, name: out}}]}
train: {loss: sparse_categorical_crossentropy, metrics: [accuracy], optimizer: {Adam: {learning_rate: 0.01}}, epochs: 3, batch_size: 16}
callbacks: [ResetMinMax, FreeBOPs, {BetaSchedule: {from: 1.0e-6, to: 1.0e-4, scale: log}}]
'''
OBJECTIVES = 'objectives: {maximize: val_accuracy, minimize: bops}\n'
GRID = '''base: base.yaml
axes:
  callbacks.BetaSchedule.to: {from: 1.0e-5, to: 1.0e-3, steps: 2, scale: log}
  model.layers.h.units: [4, 8]
''' + OBJECTIVES


def rows(folder):
    with open(pathlib.Path(folder) / 'runs.csv', newline='') as file:
        return list(csv.DictReader(file))


class SweepTest(CliTestCase):
    def setUp(self):
        super().setUp()
        lines = ['a,b,label'] + [f'{i * 7 % 13},{i * 5 % 11},{int(i * 7 % 13 > i * 5 % 11)}' for i in range(192)]
        (self.folder / 'rows.csv').write_text('\n'.join(lines) + '\n')
        (self.folder / 'base.yaml').write_text(BASE)

    def file(self, text, name='grid.yaml'):
        path = self.folder / name
        path.write_text(text)
        return path

    def sweep(self, text, out, *args, check=0):
        return hgq('sweep', self.file(text), '--out', self.folder / out, *args, check=check)

    def begin(self, text, out, *args):
        """A sweep that goes on beside the test."""
        return subprocess.Popen([ARGS.program, 'sweep', str(self.file(text)), '--out', str(self.folder / out), *map(str, args)],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def runs_of(self, out):
        """The processes that train in a sweep."""
        found = []
        for process in pathlib.Path('/proc').iterdir():
            try:
                words = (process / 'cmdline').read_bytes().split(b'\0')
            except OSError:
                continue
            if process.name.isdigit() and any(word.startswith(str(self.folder / out / 'runs').encode()) for word in words):
                found.append(int(process.name))
        return found

    def assert_same(self, out, other):
        """Two sweeps have the same table, and the same files of their runs."""
        self.assertEqual((self.folder / out / 'runs.csv').read_text(), (self.folder / other / 'runs.csv').read_text())
        for row in rows(self.folder / out):
            folder, twin = (self.folder / name / 'runs' / row['run'] for name in (out, other))
            if row['state'] == 'done':
                self.assertEqual(history(folder), history(twin), row)
                self.assertEqual((folder / 'proxy.h5').read_bytes(), (twin / 'proxy.h5').read_bytes(), row)

    def test_runs_are_those_of_their_configs(self):
        told = self.sweep(GRID, 'grid', '--jobs', 3, '--threads', 1)
        table = rows(self.folder / 'grid')
        self.assertEqual([(row['run'], row['state'], row['callbacks.BetaSchedule.to'], row['model.layers.h.units'], row['epochs']) for row in table],
                         [('run_001', 'done', '1e-05', '4', '3'), ('run_002', 'done', '1e-05', '8', '3'), ('run_003', 'done', '0.001', '4', '3'),
                          ('run_004', 'done', '0.001', '8', '3')])
        hgq(self.folder / 'base.yaml', '--out', self.folder / 'alone', '--set', 'model.layers.h.units=8', '--set', 'callbacks.BetaSchedule.to=1e-3', check=0)
        self.assertEqual(history(self.folder / 'grid/runs/run_004'), history(self.folder / 'alone'))
        header, *_, last = history(self.folder / 'alone')
        self.assertEqual(float(table[3]['bops']), float(last[header.index('bops')]))
        self.assertEqual(float(table[3]['val_accuracy']), float(last[header.index('val_accuracy')]))
        self.assertIn('run_004  done', told.stdout)
        self.assertIn('(4 of 4 runs are done)', told.stderr)
        # The same again, from its own file and from elsewhere.
        shutil.copytree(self.folder / 'grid', self.folder / 'copy')
        os.remove(self.folder / 'grid/runs.csv')
        hgq('sweep', self.folder / 'grid/sweep.yaml', '--resume', check=0, cwd='/')
        self.assert_same('grid', 'copy')
        os.remove(self.folder / 'grid/runs.csv')
        hgq('sweep', self.folder / 'grid/sweep.yaml', '--gather', check=0)
        self.assert_same('grid', 'copy')

    def test_json_and_dry_run(self):
        for args in (('--dry-run',), ('--dry-run', '--json')):
            told = self.sweep(GRID, 'dry', *args)
            self.assertIn('run_004', told.stdout)
            self.assertFalse((self.folder / 'dry').exists())
        # An axis that changes nothing, as something else sets the same.
        told = self.sweep(GRID.replace('callbacks.BetaSchedule.to: ', 'model.beta: '), 'dry', '--dry-run')
        self.assertIn('model.beta: 0.001 has no effect, as BetaSchedule sets beta', told.stderr)
        document = json.loads(self.sweep(GRID, 'grid', '--json', '--quiet').stdout)
        self.assertEqual(document['objectives'], {'val_accuracy': 'max', 'bops': 'min'})
        run = document['runs'][1]
        self.assertEqual((run['run'], run['state'], run['epochs'], run['values']),
                         ('run_002', 'done', 3, {'callbacks.BetaSchedule.to': 1e-5, 'model.layers.h.units': 8}))
        self.assertGreater(run['seconds'], 0)
        self.assertTrue((pathlib.Path(run['folder']) / 'model.h5').exists())

    def test_errors_come_before_the_first_run(self):
        for text, messages in (
                (GRID.replace('h.units: [4, 8]', 'g.units: [4, 8]'), ["grid.yaml:4:3: 'model.layers' has no item 'g'", '(in all runs)']),
                (GRID.replace('[4, 8]', '[4, 0]'), ['grid.yaml:4:29: ', 'units: found the number 0', '(in run_002 and 1 more)']),
                (GRID.replace('[4, 8]', '[4, many, 2.5]'), ["grid.yaml:4:29: ", "the text 'many'", 'grid.yaml:4:35: ', 'the number 2.5']),
                (GRID.replace('val_accuracy', 'val_acuracy'), ["error: ", "grid.yaml:5:24: objectives: 'val_acuracy' is not measured, did you mean 'val_accuracy'?"]),
                (GRID.replace('minimize: bops', 'minimize: [bops, los]'), ["grid.yaml:5:55: objectives: 'los' is not measured, did you mean 'loss'?"]),
                (GRID + 'constraints: ["lut < 5"]\n', ["grid.yaml:6:15: constraints: 'lut' is not measured"]),
                (GRID + 'constraints: [bops]\n', ["grid.yaml:6:15: constraints: 'bops' compares nothing"]),
                (GRID + 'halving: {first: 3}\n', ['grid.yaml:6:18: halving: the first rung is epoch 3, but the runs train for 3 epochs (train.epochs)']),
                (GRID + 'halving: {rungs: [9, 12], keep: 0.5}\n', ['grid.yaml:6:18: halving: the first rung is epoch 9, but the runs train for 3 epochs (train.epochs)']),
                (GRID.replace('base.yaml', 'bse.yaml'), ["grid.yaml:1:7: base: 'bse.yaml': there is no such file, did you mean"]),
                (GRID.replace('base.yaml', 'rows.csv'), ['rows.csv']),
                (GRID.replace('BetaSchedule', 'BetaShedule'), ["'callbacks' has no item 'BetaShedule', did you mean 'BetaSchedule'?"]),
                ('base: base.yaml\naxes: {data.file: [rows.csv, none.csv]}\n' + OBJECTIVES, ['none.csv', '(in run_002)'])):
            told = self.sweep(text, 'wrong', check=2)
            for message in messages:
                self.assertIn(message, told.stderr)
            self.assertFalse((self.folder / 'wrong/runs').exists())
        self.assertIn('there is no such file', hgq('sweep', self.folder / 'none.yaml', check=2).stderr)
        self.assertIn("is the file of a sweep, expected the sections data, model and train; 'hgq-train sweep'", hgq(self.file(GRID), check=2).stderr)
        self.assertIn('is the config of a run', hgq('sweep', self.folder / 'base.yaml', check=2).stderr)
        self.assertIn('does not exist', self.sweep(GRID, 'none', '--resume', check=2).stderr)
        self.assertIn('no such folder', self.sweep(GRID, 'none', '--gather', check=2).stderr)

    def test_values_that_have_no_effect_are_told(self):
        twice = self.sweep(GRID + 'set: {model.layers.1.units: 5}\n', 'twice', check=2)
        self.assertIn("'model.layers.1.units' and 'model.layers.h.units' set the same value", twice.stderr)
        text = 'base: base.yaml\nset: {callbacks: [{CalibratedBOPs: {every: 2}}]}\naxes: {model.layers.h.units: [4, 8]}\nhalving: {rungs: [RUNG], keep: 0.5}\n' + OBJECTIVES
        late = self.sweep(text.replace('RUNG', '1'), 'late', check=2)
        self.assertIn("'bops' is measured only every 2 epochs (CalibratedBOPs: every), but is needed after epoch 1", late.stderr)
        self.sweep(text.replace('RUNG', '2'), 'late', '--dry-run')
        draws = self.sweep('base: base.yaml\naxes: {model.layers.h.units: {random: 9, from: 2, to: 4, integers: true}}\n' + OBJECTIVES, 'draws', '--dry-run')
        self.assertRegex(draws.stderr, 'the axes give 9 runs, of which [67] have the values of another one')

    def test_a_failed_run_does_not_stop_the_others(self):
        text = GRID.replace('model.layers.h.units: [4, 8]', 'train.optimizer.Adam.learning_rate: [0.01, 1.0e+30]')
        told = self.sweep(text, 'failing', check=3)
        table = rows(self.folder / 'failing')
        self.assertEqual([row['state'] for row in table], ['done', 'failed', 'done', 'failed'])
        self.assertIn('not finite', table[1]['message'])
        self.assertNotIn(str(self.folder), table[1]['message'])
        self.assertIn('run_002: failed: ', told.stderr)
        self.assertIn('some runs have failed', told.stderr)
        before = (self.folder / 'failing/runs.csv').read_text()
        self.assertIn('run_002: failed: ', self.sweep(text, 'failing', '--resume', check=3).stderr, 'it is tried again')
        self.assertEqual((self.folder / 'failing/runs.csv').read_text(), before)

    def test_damaged_and_missing_files_of_a_run_stop_no_other(self):
        self.sweep(GRID, 'grid')
        whole = (self.folder / 'grid/runs.csv').read_text()
        runs = self.folder / 'grid/runs'
        (runs / 'run_001/model.h5').unlink()
        (runs / 'run_002/summary.json').write_text('')
        self.assertEqual([row['state'] for row in self.gathered('grid', 0)], ['stopped', 'stopped', 'done', 'done'])
        self.sweep(GRID, 'grid', '--resume')
        self.assertEqual((self.folder / 'grid/runs.csv').read_text(), whole)
        self.assertTrue((runs / 'run_001/model.h5').exists() and (runs / 'run_002/summary.json').stat().st_size > 0)
        for file in ('history.csv', 'config.yaml', 'exit_code'):
            kept = (runs / 'run_003' / file).read_text()
            (runs / 'run_003' / file).write_text('[')
            self.assertEqual([row['state'] for row in self.gathered('grid', 3)], ['done', 'done', 'failed', 'done'], file)
            self.assertIn('to make this run anew', rows(self.folder / 'grid')[2]['message'])
            if file == 'history.csv':
                self.assertIn('run_003', hgq('report', self.folder / 'grid', check=3).stderr)
            (runs / 'run_003' / file).write_text(kept)
        # What --resume writes again: it is the same table as before.
        for file, size in (('model.h5', 1000), ('summary.json', 300), ('values.yaml', 0)):
            path = runs / 'run_003' / file
            path.write_bytes(path.read_bytes()[:size] + b'[')
            self.assertEqual([row['state'] for row in self.gathered('grid', 3)], ['done', 'done', 'failed', 'done'], file)
            self.assertIn('run_003/', hgq('report', self.folder / 'grid', check=3).stderr)
        self.assertRegex(self.sweep(GRID, 'grid', '--gather', check=3).stderr, 'run_003: .*values.yaml.*--resume writes the file again')
        self.sweep(GRID, 'grid', '--resume')
        self.gathered('grid', 0)
        self.assertEqual((self.folder / 'grid/runs.csv').read_text(), whole)

    def gathered(self, out, check):
        self.sweep(GRID, out, '--gather', check=check)
        return rows(self.folder / out)

    def test_a_sweep_gets_more_runs_but_no_other_ones(self):
        self.sweep(GRID, 'grid')
        self.assertIn('contains a sweep already', self.sweep(GRID, 'grid', check=2).stderr)
        first = rows(self.folder / 'grid')
        more = GRID.replace('[4, 8]', '[2, 4, 8]')
        self.assertIn('runs that the file adds: 2', self.sweep(more, 'grid', '--resume').stderr)
        table = rows(self.folder / 'grid')
        self.assertEqual(table[:4], first)
        self.assertEqual([(row['run'], row['model.layers.h.units'], row['state']) for row in table[4:]], [('run_005', '2', 'done'), ('run_006', '2', 'done')])
        kept = (self.folder / 'grid/runs.csv').read_text()
        for text, message in ((GRID, 'has runs that this file does not give: run_005, run_006'),
                              (more + 'set: {train.batch_size: 8}\n', 'the config of run_005 differs from that with which it began, in train.batch_size'),
                              (more.replace('1.0e-3', '1.0e-2'), 'has runs that this file does not give: run_003, run_004, run_006')):
            self.assertIn(message, self.sweep(text, 'grid', '--resume', check=2).stderr)
            self.assertEqual((self.folder / 'grid/runs.csv').read_text(), kept)
        (self.folder / 'taken').mkdir()
        (self.folder / 'taken/history.csv').write_text('')
        self.assertIn('contains a run', self.sweep(GRID, 'taken', check=2).stderr)

    def long(self, epochs=400, axes=''):
        return GRID + axes + f'set: {{train.epochs: {epochs}}}\n'

    def test_ctrl_c_stops_the_runs_with_their_checkpoints(self):
        text = self.long(100000)
        for number in (signal.SIGINT, signal.SIGTERM):
            shutil.rmtree(self.folder / 'stopped', ignore_errors=True)
            process = self.begin(text, 'stopped', '--jobs', 2)
            self.wait_for(lambda: all((self.folder / f'stopped/runs/{run}/history.csv').exists() for run in ('run_001', 'run_002')))
            self.assertIn('is in use by another program', self.sweep(text, 'stopped', '--resume', check=2).stderr)
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 130, errors)
            self.assertEqual(self.runs_of('stopped'), [])
            self.assertIn('stopping 2 runs', errors)
            self.assertIn(f'--out {self.folder}/stopped --resume', errors)
            self.assertEqual([row['state'] for row in rows(self.folder / 'stopped')], ['stopped', 'stopped', 'waiting', 'waiting'])
            for run in ('run_001', 'run_002'):
                self.assertIn('interrupted', (self.folder / 'stopped/runs' / run / 'train.log').read_text())

    def test_a_terminal_shows_the_runs_that_are_going(self):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('4H', 24, 60, 0, 0))
        environment = {key: value for key, value in os.environ.items() if key != 'COLUMNS'}
        process = subprocess.Popen([ARGS.program, 'sweep', str(self.file(self.long(1500))), '--out', str(self.folder / 'seen'), '--jobs', '2'],
                                   stdout=subprocess.DEVNULL, stderr=slave, env=environment)
        os.close(slave)
        text = b''
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            text += part
        os.close(master)
        self.assertEqual(process.wait(), 0, text)
        frames = text.decode().split('\x1b[J')
        going = [line for frame in frames for line in frame.splitlines() if ' epoch ' in line]
        self.assertTrue(any(re.match(r'run_001  epoch \d+/1500  val_accuracy [-\d.]+  bops [-\d.k]+', line) for line in going), going)
        self.assertTrue(all(len(line) < 60 for line in going), going)
        last = frames[-1].splitlines()  # what stays
        self.assertFalse(any(' epoch ' in line for line in last), last)
        self.assertIn('4 of 4 runs are done', last[-1])

    def wait_for(self, condition):
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_runs_of_a_killed_sweep_are_waited_for(self):
        self.sweep(self.long(), 'whole')
        process = self.begin(self.long(), 'killed', '--jobs', 2)
        self.wait_for(lambda: len(self.runs_of('killed')) == 2)
        process.kill()
        process.communicate()
        self.assertEqual(len(self.runs_of('killed')), 2)
        self.sweep(self.long(), 'killed', '--resume')
        for log in (self.folder / 'killed/runs').glob('*/train.log'):
            self.assertNotIn('interrupted', log.read_text())
        self.assert_same('killed', 'whole')

    def killed_again_and_again(self, text, out, kills, longest, *args):
        """Goes on until the sweep is done; kills it, or runs of it, at random moments."""
        chance = random.Random(7)
        for number in range(1000):
            begun = ['--resume'] if (self.folder / out).exists() else []
            process = self.begin(text, out, *begun, *args)
            while process.poll() is None and kills > 0:
                time.sleep(chance.uniform(0, longest))
                runs = self.runs_of(out)
                what = chance.choice(('sweep', 'run', 'all'))
                for run in runs if what == 'all' else chance.sample(runs, min(1, len(runs))) if what == 'run' else []:
                    try:
                        os.kill(run, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                kills -= 1
                if what != 'run':
                    process.kill()
            _, errors = process.communicate(timeout=600)
            if process.returncode >= 0:
                self.assertEqual(process.returncode, 0, errors)
                return number
        raise AssertionError('it has never ended')

    def test_a_sweep_that_is_killed_ends_in_the_same_table(self):
        self.sweep(self.long(), 'whole')
        begun = self.killed_again_and_again(self.long(), 'killed', 5, 0.6, '--jobs', 2)
        self.assertGreater(begun, 0)
        self.assert_same('killed', 'whole')

    def test_ctrl_c_also_stops_the_runs_of_a_killed_sweep(self):
        text = self.long(100000)
        process = self.begin(text, 'killed', '--jobs', 2)
        self.wait_for(lambda: (self.folder / 'killed/runs/run_002/history.csv').exists())
        process.kill()
        process.communicate()
        table = self.folder / 'killed/runs.csv'
        before = table.stat().st_mtime_ns
        process = self.begin(text, 'killed', '--jobs', 2, '--resume')
        self.wait_for(lambda: table.stat().st_mtime_ns > before)
        self.assertEqual(len(self.runs_of('killed')), 2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, errors)
        self.assertEqual(self.runs_of('killed'), [])

    def test_halving(self):
        text = '''base: base.yaml
set: {train.epochs: 9}
axes: {model.layers.h.units: [2, 3, 4, 5, 6, 8], seed: {seeds: 2}}
halving: {rungs: [1, 3], keep: 0.5}
''' + OBJECTIVES
        told = self.sweep(text, 'halved')
        self.assertIn('epoch 1: 6 runs stop here', told.stderr)
        self.assertIn('epoch 3: 3 runs stop here', told.stderr)
        table = rows(self.folder / 'halved')
        self.assertEqual(sorted((row['state'], row['epochs']) for row in table), sorted([('dropped', '1')] * 6 + [('dropped', '3')] * 3 + [('done', '9')] * 3))
        # Schedules keep their length: a run that was halted at rungs is the run that was not.
        self.sweep(text.replace('halving: {rungs: [1, 3], keep: 0.5}\n', ''), 'full')
        for row in table:
            run = history(self.folder / 'halved/runs' / row['run'])
            self.assertEqual(run, history(self.folder / 'full/runs' / row['run'])[:len(run)], row)
        # At the first rung, no run that was dropped beats one that was kept.
        at_rung = {row['run']: dict(zip(*history(self.folder / 'halved/runs' / row['run'])[:2])) for row in table}
        point = {run: (float(values['val_accuracy']), -float(values['bops'])) for run, values in at_rung.items()}
        for dropped in (row['run'] for row in table if row['epochs'] == '1'):
            for kept in (row['run'] for row in table if row['epochs'] != '1'):
                self.assertFalse(all(a >= b for a, b in zip(point[dropped], point[kept])) and point[dropped] != point[kept], (dropped, kept))
        self.killed_again_and_again(text, 'killed', 4, 0.5, '--jobs', 3)
        self.assert_same('killed', 'halved')

    def test_many_kills(self):
        """Not by default: --runs 40 --kills 20."""
        if ARGS.kills == 0:
            self.skipTest('--runs 40 --kills 20 asks for it')
        text = self.long(2000).replace('[4, 8]', str([4 + i for i in range(ARGS.runs // 2)]))
        begin = time.monotonic()
        self.sweep(text, 'whole')
        seconds = time.monotonic() - begin
        begun = self.killed_again_and_again(text, 'killed', ARGS.kills, 2 * seconds / ARGS.kills)
        self.assert_same('killed', 'whole')
        print(f'{len(rows(self.folder / "whole"))} runs, {seconds:.0f} s; {ARGS.kills} kills: begun {begun + 1} times, the same table')


if __name__ == '__main__':
    main(runs=40, kills=0)
