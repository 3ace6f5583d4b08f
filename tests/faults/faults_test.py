#!/usr/bin/env python3
"""hgq-train where the disk fails: one file system call after the other fails, or is the last one before a kill.

    faults_test.py --program build/bin/hgq-train --faults build/lib/libhgq_faults.so           a sample, seconds
    faults_test.py --program ... --faults ... --all [--jobs 2]                                   every call, minutes

Writing: a run that is gone on with for two epochs meets a fault (full: no space once, full-on: from then on, io: an I/O
error, io-on: from then on, short: one byte is written, interrupt: EINTR, kill: SIGKILL). It may end with 0 or 3 or by
that SIGKILL alone; every file is one of the undisturbed run's, old or new; pareto.csv names files that are there; and the
run that goes on from there ends in the files of the undisturbed one, with no temporary file left.

Reading: commands on files of all kinds meet faults. They end with 0 and the right output or with 3, and say that the disk
failed, not that the file is damaged.

RTL: `rtl` writes a new folder or replaces one: it is old, new, or (a new one) not there, and nothing else is left, but after a
kill. `verify` of the folder meets faults where it reads and in its temporary folder, of which nothing is left. The simulator
itself is left alone; without Icarus Verilog this part is left out.

Python's standard library only.
"""
import argparse
import collections
import concurrent.futures
import csv
import hashlib
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile

WRITING = ('full', 'full-on', 'io', 'io-on', 'short', 'interrupt', 'kill')
READING = ('io', 'io-on', 'short', 'interrupt')
HARMLESS = ('short', 'interrupt')

CONFIG = '''
seed: 3
data: {file: rows.csv, inputs: [a, b], targets: [c], validation: 0.25}
model:
  beta: 1.0e-5
  layers:
    - HQuantize: {name: q}
    - HDenseBatchNorm: {units: 4, activation: relu, name: hidden}
    - HDense: {units: 2, name: out}
train: {loss: sparse_categorical_crossentropy, metrics: [accuracy], optimizer: {Adam: {learning_rate: 0.02}}, batch_size: 16, epochs: 4}
callbacks:
  - CalibratedBOPs: {data: train, every: 3}
  - ParetoFront: {metrics: [loss], best: [min]}
  - Checkpoint: {file: 'model_{epoch}.h5'}
  - Checkpoint: {file: best.h5, save_best_only: true, monitor: loss}
'''


def rows():
    numbers = random.Random(1)
    points = [(numbers.uniform(-1, 1), numbers.uniform(-1, 1)) for _ in range(64)]
    return [(round(a, 3), round(b, 3), int(a + b > 0)) for a, b in points]


def digest(path):
    content = path.read_bytes()
    if path.name == 'pareto.csv':  # at the end of a run it gets columns of its own, whole or not at all
        rows = [line.split(b',') for line in content.split(b'\n')]
        if len({len(row) for row in rows[:-1]}) == 1 and rows[-1] == [b'']:
            kept = [i for i, name in enumerate(rows[0]) if name != b'exact_bops' and not name.startswith(b'test_')]
            content = b'\n'.join(b','.join(row[i] for i in kept) for row in rows[:-1]) + b'\n'
    return hashlib.sha256(content).hexdigest()


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob('*')) if path.is_file()}


def history(path):
    """Without the column of times; None where it is not whole."""
    text = path.read_text()
    table = list(csv.reader(text.splitlines()))
    if not text.endswith('\n') or any(len(row) != len(table[0]) for row in table):
        return None
    skip = table[0].index('seconds')
    return [row[:skip] + row[skip + 1:] for row in table]


def summary(path):
    parsed = json.loads(path.read_text())
    return {key: parsed[key] for key in ('model', 'proxy', 'bops', 'verify', 'epochs')}


class Failure(Exception):
    pass


def checked_exit_code(result, mode):
    """The exit code of a command with a fault, which must be one that this fault may have, with a message that fits."""
    code = result.returncode
    allowed = (-9,) if mode == 'kill' else (0,) if mode in HARMLESS else (0, 3)
    if code not in allowed:
        raise Failure(f'exit {code}, expected one of {allowed}: {result.stderr}')
    if code == 3 and 'Error' not in result.stderr and 'I/O error' not in result.stderr and 'disk is full' not in result.stderr:
        raise Failure(f'the message does not tell of the disk: {result.stderr}')
    return code


class Faults:
    def __init__(self, args, folder):
        self.program = str(pathlib.Path(args.program).resolve())
        self.library = str(pathlib.Path(args.faults).resolve())
        self.folder = folder

    def run(self, *args, folder=None, at=0, mode='', calls='write', report=None, env=None):
        """`folder`: where calls are counted; none: nothing is injected."""
        env = {**os.environ, **(env or {})}
        if folder is not None:
            env.update(LD_PRELOAD=self.library, HGQ_FAULTS_FOLDER=str(folder), HGQ_FAULTS_AT=str(at), HGQ_FAULTS_MODE=mode,
                       HGQ_FAULTS_CALLS=calls)
            if report is not None:
                env['HGQ_FAULTS_REPORT'] = str(report)
        return subprocess.run([self.program, *map(str, args)], capture_output=True, text=True, timeout=120, env=env,
                              cwd=self.folder)

    def calls(self, *args, **kwargs):
        """How many calls the command makes; its children count on from where they began."""
        report = self.folder / 'calls.txt'
        report.unlink(missing_ok=True)
        result = self.run(*args, report=report, **kwargs)
        if result.returncode != 0:
            raise Failure(f'exit {result.returncode} without a fault: {result.stderr}')
        return max(int(line.split()[1]) for line in report.read_text().splitlines())


class Writing(Faults):
    """A run of four epochs, stopped after two, and what it may leave."""

    def __init__(self, args, folder):
        super().__init__(args, folder)
        (folder / 'rows.csv').write_text('a,b,c\n' + ''.join(f'{a},{b},{c}\n' for a, b, c in rows()))
        (folder / 'run.yaml').write_text(CONFIG)
        self.known = collections.defaultdict(set)
        for stop in (1, 2, 3, 4):
            self.train(f'stop{stop}', '--stop-after', stop)
            self.remember(folder / f'stop{stop}')
        self.base = folder / 'stop2'
        self.train('whole')
        self.whole = folder / 'whole'
        self.remember(self.whole)

    def train(self, out, *args, check=0, **kwargs):
        result = self.run('run.yaml', '--out', self.folder / out, '--quiet', '--threads', 1, '--checkpoint-seconds', 0, *args,
                          **kwargs)
        if check is not None and result.returncode != check:
            raise Failure(f'exit {result.returncode}, expected {check}: {result.stderr}')
        return result

    def remember(self, folder):
        for name, path in files_of(folder).items():
            self.known[name].add(digest(path))

    def count(self):
        shutil.copytree(self.base, self.folder / 'counted')
        return self.calls('run.yaml', '--out', self.folder / 'counted', '--quiet', '--threads', 1, '--checkpoint-seconds', 0,
                          '--resume', folder=self.folder / 'counted')

    def check_old_or_new(self, folder):
        final = history(self.whole / 'history.csv')
        for name, path in files_of(folder).items():
            if name == '.lock' or name.endswith('.part'):
                continue
            if name == 'history.csv':
                found = history(path)
                if found is None or not 2 <= len(found) - 1 <= 4:
                    raise Failure('history.csv is not whole')
                for row, right in zip(found[1:], final[1:]):
                    if (row + ['', ''])[:len(right)] != right:
                        raise Failure(f'history.csv has {row}, expected {right}')
            elif name == 'summary.json':
                summary(path)
            elif name == 'report.html':  # holds times
                if not path.read_text().endswith('</html>\n'):
                    raise Failure('report.html is not whole')
            elif name == 'checkpoint.h5':
                if digest(path) != digest(self.base / name) and self.run('summary', path).returncode != 0:
                    raise Failure('checkpoint.h5 is damaged')
            elif digest(path) not in self.known[name]:
                raise Failure(f'{name} is neither old nor new')
        for name in ('checkpoint.h5', 'history.csv', 'config.yaml', 'pareto/pareto.csv', 'best.h5', 'model_1.h5', 'model_2.h5'):
            if not (folder / name).exists():
                raise Failure(f'{name} is gone')
        for row in csv.DictReader((folder / 'pareto/pareto.csv').read_text().splitlines()):
            if not (folder / 'pareto' / row['file']).exists():
                raise Failure(f'pareto.csv names {row["file"]}, which is not there')

    def check_whole(self, folder):
        found, right = files_of(folder), files_of(self.whole)
        if found.keys() != right.keys():
            raise Failure(f'other files than the undisturbed run: {sorted(found.keys() ^ right.keys())}')
        for name in right:
            if name == 'history.csv':
                same = history(found[name]) == history(right[name])
            elif name == 'report.html':
                same = found[name].read_text().endswith('</html>\n')
            elif name == 'summary.json':
                same = summary(found[name]) == summary(right[name])
            elif name == 'checkpoint.h5':
                same = self.run('summary', found[name], '--json').stdout == self.run('summary', right[name], '--json').stdout
            else:
                same = digest(found[name]) == digest(right[name])
            if not same:
                raise Failure(f'{name} is not that of the undisturbed run')

    def try_fault(self, at, mode):
        folder = self.folder / f'{mode}-{at}'
        shutil.copytree(self.base, folder)
        result = self.train(folder.name, '--resume', check=None, folder=folder, at=at, mode=mode)
        code = checked_exit_code(result, mode)
        self.check_old_or_new(folder)
        if code != 0:
            again = self.train(folder.name, '--resume', check=None)
            if again.returncode != 0:
                raise Failure(f'going on ends with {again.returncode}: {again.stderr}')
        self.check_whole(folder) if code != 0 or mode in HARMLESS else self.check_done(folder)
        shutil.rmtree(folder)
        return code

    def check_done(self, folder):
        """A run that a fault did not stop has all its files; what could not be removed may be left."""
        left = {name for name in files_of(folder) if name == '.lock' or name.endswith('.part')}
        for name in left:
            (folder / name).unlink()
        self.check_whole(folder)


def npy(values, shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header += ' ' * (63 - (10 + len(header)) % 64) + '\n'
    return b'\x93NUMPY\x01\x00' + struct.pack('<H', len(header)) + header.encode() + struct.pack(f'<{len(values)}f', *values)


class Reading(Faults):
    def __init__(self, args, folder, model, config_folder):
        super().__init__(args, folder)
        inputs = [v for a, b, _ in rows() for v in (a, b)]
        shutil.copy(model / 'model.h5', folder)
        shutil.copy(model / 'proxy.h5', folder)
        shutil.copy(config_folder / 'run.yaml', folder)
        shutil.copy(config_folder / 'rows.csv', folder)
        (folder / 'x.npy').write_bytes(npy(inputs, (64, 2)))
        with zipfile.ZipFile(folder / 'x.npz', 'w', zipfile.ZIP_DEFLATED) as archive:
            archive.writestr('x.npy', npy(inputs, (64, 2)))
        (folder / 'x.idx').write_bytes(b'\0\0\x0d\2' + struct.pack('>II', 64, 2) + struct.pack('>128f', *inputs))
        self.out = folder.parent / 'out'  # files here are not counted
        self.out.mkdir()
        data = folder / 'd.h5'
        predict = ('predict', folder / 'model.h5', '--data')
        result = self.run(*predict, folder / 'x.npy', '--out', data, '--with-inputs')
        if result.returncode != 0:
            raise Failure(result.stderr)
        out = ('--out', self.out / 'y.h5')
        self.commands = {
            'summary': ('summary', folder / 'model.h5'),
            'check': ('check', folder / 'run.yaml'),
            'eval CSV': ('eval', folder / 'model.h5', '--data', folder / 'rows.csv'),
            'predict HDF5': (*predict, data, '--inputs', 'x', *out),
            'predict proxy': ('predict', folder / 'proxy.h5', '--data', data, '--inputs', 'x', *out),
            'predict NPY': (*predict, folder / 'x.npy', *out),
            'predict NPZ': (*predict, folder / 'x.npz', '--inputs', 'x', *out),
            'predict IDX': (*predict, folder / 'x.idx', *out),
        }
        self.right = {}
        self.counts = {}
        for name, command in list(self.commands.items()):
            self.right[name] = self.run(*command)
            if self.right[name].returncode != 0:
                raise Failure(f'{name}: {self.right[name].stderr}')
            if name.startswith('predict'):
                shutil.copy(self.out / 'y.h5', self.out / f'{name}.h5')
            self.counts[name] = self.calls(*command, folder=folder, calls='read')

    def try_fault(self, name, at, mode):
        out = self.out / f'{name}-{at}-{mode}.h5'
        command = [out if word == self.out / 'y.h5' else word for word in self.commands[name]]
        result = self.run(*command, folder=self.folder, at=at, mode=mode, calls='read')
        right_output = result.returncode != 0 or not out.exists() or digest(out) == digest(self.out / f'{name}.h5')
        out.unlink(missing_ok=True)
        if not right_output:
            raise Failure('another output file')
        allowed = (0,) if mode in HARMLESS else (0, 3)
        if result.returncode not in allowed:
            raise Failure(f'exit {result.returncode}, expected one of {allowed}: {result.stderr}{result.stdout}')
        if result.returncode == 0 and result.stdout != self.right[name].stdout:
            raise Failure(f'another output: {result.stdout}')
        if result.returncode == 3 and 'I/O error' not in result.stderr:
            raise Failure(f'the message does not tell of the disk: {result.stderr}')
        return result.returncode


def rtl_state(folder):
    """The files of an RTL folder, without the times in its report; None if there is none."""
    if not folder.exists():
        return None
    state = {name: digest(path) for name, path in files_of(folder).items() if name != 'report.json'}
    report = json.loads((folder / 'report.json').read_text())
    report.pop('seconds')
    for layer in report['layers']:
        layer.get('matrix', {}).pop('solver_seconds', None)
    return state, report


class Rtl(Faults):
    """Tasks are ('new' | 'force' | 'read' | 'temporary', number of the call, mode)."""

    def __init__(self, args, folder, proxy):
        super().__init__(args, folder)
        self.proxy = folder / 'proxy.h5'
        shutil.copy(proxy, self.proxy)
        self.states = {}
        for name, options in (('old', ('--latency', 1)), ('new', ('--latency', 2))):
            self.write(folder / name, *options)
            self.states[name] = rtl_state(folder / name / 'rtl')
        if self.states['old'] == self.states['new']:
            raise Failure('old and new do not differ')
        self.tools = folder / 'tools'
        self.tools.mkdir()
        for name in ('iverilog', 'vvp'):
            if shutil.which(name):
                (self.tools / name).write_text(f'#!/bin/sh\nunset LD_PRELOAD\nexec {shutil.which(name)} "$@"\n')
                (self.tools / name).chmod(0o755)
        self.kinds = ('new', 'force', 'read', 'temporary') if shutil.which('iverilog') else ('new', 'force')

    def write(self, out, *options, check=0, **kwargs):
        result = self.run('rtl', self.proxy, '--out', out / 'rtl', '--rows', 20, '--threads', 1, *(options or ('--latency', 2, '--force')),
                          **kwargs)
        if check is not None and result.returncode != check:
            raise Failure(f'exit {result.returncode}, expected {check}: {result.stderr}')
        return result

    def verify(self, kind, temporary, **kwargs):
        folder = self.folder / 'new' if kind == 'read' else temporary
        return self.run('verify', self.folder / 'new/rtl', folder=folder, calls='read' if kind == 'read' else 'write',
                        env={'TMPDIR': str(temporary), 'PATH': str(self.tools)}, **kwargs)

    def prepared(self, kind, name):
        folder = self.folder / f'{kind}-{name}'
        folder.mkdir()
        if kind == 'force':
            shutil.copytree(self.folder / 'old/rtl', folder / 'rtl')
        return folder

    def count(self, kind):
        folder = self.prepared(kind, 'counted')
        report = self.folder / 'calls.txt'
        report.unlink(missing_ok=True)
        if kind in ('new', 'force'):
            self.write(folder, folder=folder, report=report)
        else:
            self.right = self.verify(kind, folder, report=report)
            if self.right.returncode != 0:
                raise Failure(self.right.stderr)
        return max(int(line.split()[1]) for line in report.read_text().splitlines())

    def try_fault(self, kind, at, mode):
        folder = self.prepared(kind, f'{mode}-{at}')
        if kind in ('new', 'force'):
            result = self.write(folder, check=None, folder=folder, at=at, mode=mode)
        else:
            result = self.verify(kind, folder, at=at, mode=mode)
        code = checked_exit_code(result, mode)
        left = [path.name for path in folder.iterdir() if path.name != 'rtl']
        if left and mode not in ('kill', 'io-on'):  # where nothing can be removed either
            raise Failure(f'{left} is left: {result.stderr}')
        if kind in ('new', 'force'):
            self.check_folder(kind, folder, code)
        elif code == 0 and result.stdout != self.right.stdout:
            raise Failure(f'another output: {result.stdout}')
        shutil.rmtree(folder)
        return code

    def check_folder(self, kind, folder, code):
        state = rtl_state(folder / 'rtl')
        if state not in ((self.states['new'],) if code == 0 else (self.states['new'], self.states['old'] if kind == 'force' else None)):
            raise Failure('the folder is neither old nor new' if state else 'the folder is gone')
        if code != 0:
            self.write(folder)
            if rtl_state(folder / 'rtl') != self.states['new']:
                raise Failure('a second try does not write the folder')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--program', required=True)
    parser.add_argument('--faults', required=True, help='the preload library')
    parser.add_argument('--all', action='store_true', help='every call, not a sample')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--only', choices=('write', 'read', 'rtl'))
    parser.add_argument('--sample', type=int, default=60, help='faults that are tried of each kind without --all')
    args = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix='hgq_faults_'))
    failures = []
    ends = collections.Counter()

    def attempt(task):
        kind, action, *what = task
        try:
            return kind, what, action(*what), None
        except (Failure, OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            return kind, what, None, error

    try:
        (folder / 'write').mkdir()
        (folder / 'read').mkdir()
        writing = Writing(args, folder / 'write')
        tasks = []
        if args.only in (None, 'write'):
            calls = writing.count()
            print(f'{calls} calls write')
            tasks += [('write', writing.try_fault, at, mode) for at in range(1, calls + 1) for mode in WRITING]
        reading = None
        if args.only in (None, 'read'):
            reading = Reading(args, folder / 'read', writing.whole, folder / 'write')
            print('calls read: ' + ', '.join(f'{name} {count}' for name, count in reading.counts.items()))
            tasks += [('read', reading.try_fault, name, at, mode) for name, count in reading.counts.items()
                      for at in range(1, count + 1) for mode in READING]
        if args.only in (None, 'rtl'):
            (folder / 'rtl').mkdir()
            rtl = Rtl(args, folder / 'rtl', writing.whole / 'proxy.h5')
            counts = {kind: rtl.count(kind) for kind in rtl.kinds}
            print('calls of RTL: ' + ', '.join(f'{kind} {count}' for kind, count in counts.items()))
            tasks += [('rtl', rtl.try_fault, kind, at, mode) for kind, count in counts.items() for at in range(1, count + 1)
                      for mode in (READING if kind == 'read' else WRITING)]
        if not args.all:
            numbers = random.Random(1)
            kinds = {kind: [task for task in tasks if task[0] == kind] for kind in ('write', 'read', 'rtl')}
            tasks = [task for of_kind in kinds.values() for task in numbers.sample(of_kind, min(args.sample, len(of_kind)))]
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            for kind, what, code, error in pool.map(attempt, tasks):
                ends[kind, what[-1], code] += 1
                if error is not None:
                    failures.append(f'{kind} {what}: {error}')
                    print(failures[-1], flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for (kind, mode, code), count in sorted(ends.items(), key=str):
        print(f'{kind:<6} {mode:<10} ' + (f'exit {code}' if code is not None else 'WRONG') + f': {count}')
    print(f'{len(tasks)} faults, {len(failures)} failures')
    return 1 if failures or not tasks else 0


if __name__ == '__main__':
    sys.exit(main())
