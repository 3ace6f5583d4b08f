#!/usr/bin/env python3
"""Damaged files of every kind, given to hgq-train as a user does: each command must end by itself, with 0, 2 or 3 (verify
with 1, too) and with a message where it is not 0; never by a signal, in time, and with little memory. Python's standard
library only. The same seed makes the same files.

    mutants_test.py --program build/bin/hgq-train --source . [--mutants 1000] [--keep FOLDER]
    mutants_test.py --program build/bin/hgq-train --source . --files FOLDER      every file as model, proxy and data
    mutants_test.py --program build/bin/hgq-train --source . --flips 2500        single flipped bits of files that hgq wrote:
                                                                                 refused, or with the same results
"""
import argparse
import concurrent.futures
import os
import pathlib
import random
import re
import resource
import shutil
import struct
import sys
import tempfile
import time
import zipfile

ARGS = None
# What a message of ours never is: words of the C++ library.
FOREIGN = ('map::at', 'vector::', 'basic_string', 'std::', 'stoi', 'json.exception', 'terminate called', 'AddressSanitizer', 'runtime error')

CONFIG = '''seed: 3
data: {file: DATA, inputs: [a, b, c, d], targets: label, validation: 0.2, scale: standard}
model:
  beta: 1.0e-6
  layers:
    - HQuantize: {name: q}
    - HDense: {units: 4, activation: relu}
    - HDenseBatchNorm: {units: 3}
    - HDense: {units: 2, name: out}
train: {loss: sparse_categorical_crossentropy, optimizer: {Adam: {learning_rate: 0.01}}, metrics: [accuracy, AUC], epochs: 2, batch_size: 16}
callbacks:
  - ResetMinMax
  - FreeBOPs
  - BetaSchedule: {from: 1.0e-6, to: 1.0e-4, scale: log}
  - ParetoFront: {metrics: [val_accuracy, bops], best: [max, min]}
export: {trace: {data: [train, validation]}, overflow: wrap}
'''


class Result:
    def __init__(self, command, code, signal, seconds, megabytes, out, err):
        self.command, self.code, self.signal = command, code, signal
        self.seconds, self.megabytes, self.out, self.err = seconds, megabytes, out, err

    def fault(self):
        verify, check = self.command[0] == 'verify', self.command[0] == 'check'
        if self.signal == 'time':
            return f'did not end in {ARGS.seconds} s'
        if self.signal:
            return f'ended by signal {self.signal}'
        if self.code not in ((0, 1, 2, 3) if verify else (0, 2, 3)):
            return f'ended with {self.code}'
        if self.code >= 2 and not (self.err.strip() or (check and self.out.strip())):
            return f'ended with {self.code} without a message'
        foreign = [word for word in FOREIGN if word in self.err or word in self.out]
        if foreign:
            return f'says {foreign[0]!r}'
        if self.megabytes > ARGS.megabytes:
            return f'took {self.megabytes:.0f} MB'
        return ''


def hgq(*command):
    """Runs the program, and measures it with all that it starts."""
    command = [str(c) for c in command]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        child = os.fork()
        if child == 0:
            try:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                os.execv(ARGS.program, [ARGS.program, *command])
            finally:
                os._exit(127)
        signal = 0
        while True:
            pid, status, usage = os.wait4(child, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - start > ARGS.seconds:
                signal = 'time'
                os.kill(child, 9)
                pid, status, usage = os.wait4(child, 0)
                break
            time.sleep(0.002)
        if not signal and os.WIFSIGNALED(status):
            signal = os.WTERMSIG(status)
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read(100000).decode('utf-8', 'replace'))
        return Result(command, code, signal, time.monotonic() - start, usage.ru_maxrss / 1024, *texts)


def seeds(folder):
    """Small valid files: name, and how the commands use a file in its place."""
    rng = random.Random(1)
    rows = [[rng.gauss(0, 1) for _ in range(4)] for _ in range(60)]
    lines = ['a,b,c,d,label'] + [','.join(f'{v:.3f}' for v in row) + f',{int(sum(row) > 0)}' for row in rows]
    csv = folder / 'rows.csv'
    csv.write_text('\n'.join(lines) + '\n')
    config = folder / 'run.yaml'
    config.write_text(CONFIG.replace('DATA', str(csv)))
    run = folder / 'run'
    made = hgq(config, '--out', run, '--quiet', '--threads', 1)
    assert made.code == 0, made.err
    values = struct.pack('<240f', *[v for row in rows for v in row])
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (60, 4), }".ljust(117) + '\n'
    npy = b'\x93NUMPY\1\0' + struct.pack('<H', len(header)) + header.encode() + values
    (folder / 'rows.npy').write_bytes(npy)
    for name, packing in (('stored', zipfile.ZIP_STORED), ('packed', zipfile.ZIP_DEFLATED)):
        with zipfile.ZipFile(folder / f'{name}.npz', 'w', packing) as archive:
            archive.writestr('x.npy', npy)
    (folder / 'rows.idx').write_bytes(b'\0\0\x0d\2' + struct.pack('>2I', 60, 4) + struct.pack('>240f', *struct.unpack('<240f', values)))
    model, proxy = run / 'model.h5', run / 'proxy.h5'
    made = hgq('predict', model, '--data', folder / 'rows.npy', '--out', folder / 'rows.h5', '--with-inputs')
    assert made.code == 0, made.err

    golden = pathlib.Path(ARGS.source) / 'tests/golden/models/softmax_out'
    python_data = ('--data', golden / 'data.h5', '--inputs', 'x/test', '--threads', 1)

    def model_commands(path, out):
        data = ('--data', csv, '--threads', 1)
        return [('summary', path), ('eval', path, *data), ('predict', path, *data, '--out', out), ('trace', path, *data, '--out', out),
                ('export', path, '--out', out), ('import', path, '--out', out)]

    def python_commands(path, out):
        return [('import', path, '--out', out), ('predict', path, *python_data, '--out', out), ('trace', path, *python_data, '--out', out)]

    def proxy_commands(path, out):
        return [('predict', path, '--data', csv, '--out', out), ('verify', path, '--against', model, '--data', csv)]

    def golden_proxy_commands(path, out):
        return [('predict', path, *python_data, '--out', out), ('verify', path, '--against', golden / 'hgq.h5', *python_data)]

    def h5_data_commands(path, out):
        return [('predict', model, '--data', path, '--inputs', 'x', '--out', out),
                ('eval', model, '--data', path, '--inputs', 'x', '--targets', 'y', '--loss', 'mse')]

    def array_commands(path, out):  # of a file that holds one array without a name
        return [('predict', model, '--data', path, '--out', out)]

    def npz_commands(path, out):
        return [('predict', model, '--data', path, '--inputs', 'x', '--out', out)]

    def table_commands(path, out):
        return [('eval', model, '--data', path), (config, '--set', f'data.file={path}', '--out', out.with_suffix(''), '--quiet', '--threads', 1)]

    def config_commands(path, out):
        return [('check', path), (path, '--set', f'data.file={csv}', '--set', 'train.epochs=1', '--out', out.with_suffix(''), '--quiet', '--threads', 1)]

    def checkpoint_commands(path, out):
        copy = out.with_suffix('')
        copy.mkdir()
        shutil.copy(run / 'config.yaml', copy)
        shutil.copy(path, copy / 'checkpoint.h5')
        return [(config, '--set', 'train.epochs=3', '--out', copy, '--resume', '--quiet', '--threads', 1)]

    return [(model, model_commands), (golden / 'hgq.h5', python_commands), (proxy, proxy_commands),
            (golden / 'proxy_sat.h5', golden_proxy_commands), (run / 'checkpoint.h5', checkpoint_commands), (folder / 'rows.h5', h5_data_commands),
            (folder / 'rows.npy', array_commands), (folder / 'stored.npz', npz_commands), (folder / 'packed.npz', npz_commands),
            (folder / 'rows.idx', array_commands), (csv, table_commands), (config, config_commands)]


HUGE = (b'\xff' * 4, b'\xff' * 8, b'\0\0\0\x80', b'\xff\xff\xff\x7f', b'\xff' * 7 + b'\x7f', b'\0\0\0\0\0\0\0\x10', b'\0' * 8, b'\x7f\xff\xff\xff')
WORDS = (b'99999999999999999999', b'4294967296', b'-1', b'0', b'1e308', b'nan', b'2147483647', b'[' * 100, b'{a: ' * 100, b'&a', b'*a', b'"', b'\xff',
         b': ', b'\t', b'a' * 5000, b'null', b'[]', b'{}', b'..', b'/dev/zero')


def mutated(data, rng, text):
    if data[-24:-16] == b'\nhgqseal':  # else all of it would be refused for that, and nothing behind it tried
        data = data[:-24]
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not data:
            break
        # Most of the structure stands in the front of a file.
        at = rng.randrange(len(data) if rng.random() < 0.5 else min(len(data), 4096))
        length = rng.choice((1, 2, 8, 64, 512))
        # What changes the length of a binary file is mostly seen at once, and hides the rest.
        kind = rng.randrange(8) if text or rng.random() < 0.2 else rng.choice((0, 0, 2, 2, 5, 6, 7))
        if kind == 0:
            for _ in range(rng.choice((1, 3, 20))):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[at:]
        elif kind == 2:
            data[at:at + length] = rng.randbytes(length)
        elif kind == 3:
            del data[at:at + length]
        elif kind == 4:
            data[at:at] = data[at:at + length] * rng.choice((1, 1, 50))
        elif kind == 5:
            to = rng.randrange(len(data))
            data[to:to + length] = data[at:at + length]
        elif text:
            word = rng.choice(WORDS)
            numbers = [i for i, c in enumerate(data) if 48 <= c <= 57] if rng.random() < 0.6 else []
            at = rng.choice(numbers) if numbers else at
            data[at:at + rng.choice((0, 1, 4))] = word
        else:
            word = rng.choice(HUGE)
            at -= at % rng.choice((1, 2, 4))
            data[at:at + len(word)] = word
    return bytes(data)


def run_on(path, commands, folder, label, report):
    out = folder / f'{label}.out'
    waiting, names = list(commands(path, out)), set()
    for command in waiting:
        result = hgq(*command)
        report(path, result)
        # Names that the file has instead of the one that was asked for.
        holds = re.search(r"does not exist; .* holds (.*)", result.err)
        for name in re.findall(r"'([^']*)'", holds.group(1)) if holds and command[0] == 'predict' else ():
            if name not in names and len(names) < 40:
                names.add(name)
                waiting.append([name if word == 'x' else word for word in command])
        for made in (out, out.with_suffix('')):
            if made.is_dir():
                shutil.rmtree(made)
            else:
                made.unlink(missing_ok=True)


def flips(folder, count, seed):
    """A flipped bit of a proxy, a model, a checkpoint: how many are refused, how many change nothing, and faults."""
    seeds(folder)
    run, csv, config = folder / 'run', folder / 'rows.csv', folder / 'run.yaml'
    data = ('--data', csv, '--threads', 1)

    def predicting(path, out):
        return [('predict', path, *data, '--out', out)], [out]

    def summing(path, out):
        return [('predict', path, *data, '--out', out), ('summary', path, '--json'), ('eval', path, *data, '--json')], [out]

    def resuming(path, out):
        copy = out.with_suffix('')
        copy.mkdir()
        shutil.copy(run / 'config.yaml', copy)
        shutil.copytree(run / 'pareto', copy / 'pareto')
        shutil.copy(path, copy / 'checkpoint.h5')
        command = (config, '--set', 'train.epochs=3', '--out', copy, '--resume', '--quiet', '--threads', 1)
        return [command], [copy / 'model.h5', copy / 'proxy.h5', copy / 'checkpoint.h5']

    def results(path, use, label):
        """What the commands make of a file: None where one refuses it, and why not where it may not be like that."""
        out = folder / f'{label}.out'
        commands, files = use(path, out)
        made = []
        try:
            for command in commands:
                result = hgq(*command)
                if result.fault() or result.code not in (0, 2):
                    return None, result.fault() or f'ended with {result.code}: {result.err}'
                if result.code == 2:
                    return None, ''
                made.append(result.out if command[0] in ('summary', 'eval') else '')
            return made + [file.read_bytes() for file in files], ''
        finally:
            out.unlink(missing_ok=True)
            shutil.rmtree(out.with_suffix(''), ignore_errors=True)

    faults = 0
    for name, use in (('proxy.h5', predicting), ('model.h5', summing), ('checkpoint.h5', resuming)):
        whole = (run / name).read_bytes()
        right, fault = results(run / name, use, 'whole')
        assert right is not None, fault
        rng = random.Random(f'{seed} {name}')

        def one(i, at, bit):
            data = bytearray(whole)
            data[at] ^= 1 << bit
            path = folder / f'flip_{i}_{name}'
            path.write_bytes(data)
            found, fault = results(path, use, f'flip{i}')
            path.unlink()
            if found is not None and found != right:
                fault = 'is read, with other results'
            if fault:
                print(f'FAULT {name}, bit {bit} of byte {at}: {fault}', flush=True)
            return 'fault' if fault else 'refused' if found is None else 'the same'

        with concurrent.futures.ThreadPoolExecutor(ARGS.jobs) as pool:
            futures = [pool.submit(one, i, rng.randrange(len(whole)), rng.randrange(8)) for i in range(count)]
            outcomes = [future.result() for future in futures]
        counts = {kind: outcomes.count(kind) for kind in ('refused', 'the same', 'fault')}
        faults += counts['fault']
        print(f'{name}: {count} flipped bits, {counts["refused"]} refused, {counts["the same"]} with the same results, {counts["fault"]} faults')
    return 1 if faults else 0


def main():
    global ARGS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True)
    parser.add_argument('--source', required=True)
    parser.add_argument('--mutants', type=int, default=60)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--seconds', type=float, default=60, help='most time that a command may take')
    parser.add_argument('--megabytes', type=float, default=1500, help='most memory that a command may take')
    parser.add_argument('--jobs', type=int, default=1)
    parser.add_argument('--flips', type=int, help='single flipped bits of each kind of file instead')
    parser.add_argument('--files', help='folder of files to run instead, each as model, proxy and data')
    parser.add_argument('--keep', help='folder for the files that show a fault')
    parser.add_argument('--verbose', action='store_true', help='every command with its code and message')
    ARGS = parser.parse_args()
    ARGS.program = str(pathlib.Path(ARGS.program).resolve())
    faults, results = [], []
    if ARGS.flips:
        with tempfile.TemporaryDirectory(prefix='hgq_flips_') as name:
            return flips(pathlib.Path(name), ARGS.flips, ARGS.seed)

    def report(path, result):
        results.append(result)
        fault = result.fault()
        if fault:
            faults.append(fault)
            print(f'FAULT {path}: {" ".join(result.command)}: {fault}\n  {result.err.strip()[:500]}', flush=True)
            if ARGS.keep:
                pathlib.Path(ARGS.keep).mkdir(exist_ok=True)
                shutil.copy(path, ARGS.keep)
        elif ARGS.verbose:
            text = (result.err.strip() or result.out.strip()).split('\n')[0][:200]
            print(f'{path.name} {result.command[0]} {result.code} {result.seconds:.2f} s {result.megabytes:.0f} MB {text}', flush=True)

    with tempfile.TemporaryDirectory(prefix='hgq_mutants_') as name:
        folder = pathlib.Path(name)
        kinds = seeds(folder)
        for i, (seed, commands) in enumerate(kinds):  # what is not damaged must pass
            for command in commands(seed, folder / f'seed{i}.out'):
                result = hgq(*command)
                if result.code != 0:
                    faults.append('seed')
                    print(f'SEED {" ".join(result.command)}: ended with {result.code}\n  {result.err.strip()[:500]}')
        work = []
        if ARGS.files:
            by_name = {str(seed.name): commands for seed, commands in kinds}
            for path in sorted(p for p in pathlib.Path(ARGS.files).iterdir() if p.is_file()):
                for kind in ('model.h5', 'proxy.h5', 'rows.h5', 'checkpoint.h5'):
                    work.append((path, by_name[kind]))
        else:
            for i in range(ARGS.mutants):
                seed, commands = kinds[i % len(kinds)]
                rng = random.Random(ARGS.seed * 1000003 + i)
                path = folder / f'mutant_{i}_{seed.name}'
                path.write_bytes(mutated(seed.read_bytes(), rng, seed.suffix in ('.csv', '.yaml')))
                work.append((path, commands))
        with concurrent.futures.ThreadPoolExecutor(ARGS.jobs) as pool:
            for future in [pool.submit(run_on, path, commands, folder, f'job{i}', report) for i, (path, commands) in enumerate(work)]:
                future.result()
    codes = {code: sum(r.code == code for r in results) for code in sorted({r.code for r in results})}
    print(f'{len({w[0] for w in work})} files, {len(results)} commands, exit codes {codes}, longest {max(r.seconds for r in results):.1f} s, '
          f'most memory {max(r.megabytes for r in results):.0f} MB: {len(faults)} faults')
    return 1 if faults or not results else 0


if __name__ == '__main__':
    sys.exit(main())
