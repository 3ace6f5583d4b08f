#!/usr/bin/env python3
"""What a file can do to the one who reads it: wait for ever, fill the memory, the terminal or the time. Python's standard
library only.

    harm_test.py --program build/bin/hgq-train
    harm_test.py --program build/bin/hgq-train --gigabytes 4      bombs of this size, under the memory that --memory says
"""
import argparse
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile
import zlib

from small_h5 import deflated_dataset

ARGS = None
CONFIG = '''data: {file: rows.csv, inputs: [a, b], targets: label}
model: {layers: [HQuantize, {HDense: {units: 2, name: out}}]}
train: {loss: sparse_categorical_crossentropy, epochs: 1, batch_size: 16}
'''


class Result:
    def __init__(self, code, out, err, seconds, megabytes):
        self.code, self.out, self.err, self.seconds, self.megabytes = code, out, err, seconds, megabytes


def hgq(*command, seconds=60):
    """Runs the program to its end, and measures it."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen([ARGS.program, *map(str, command)], stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        status, usage = None, None
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - start > seconds:
                child.kill()
                child.wait()
                raise AssertionError(f'{command} did not end in {seconds} s')
            time.sleep(0.005)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Result(child.returncode, out.read(), err.read(), time.monotonic() - start, usage.ru_maxrss / 1024)


def npy(shape, values=b''):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + '\n'
    return b'\x93NUMPY\1\0' + struct.pack('<H', len(header)) + header.encode() + values


class Harm(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix='hgq_harm_')
        self.folder = pathlib.Path(self.scratch.name)
        lines = ['a,b,label'] + [f'{i % 7},{i % 5},{int(i % 7 > i % 5)}' for i in range(64)]
        (self.folder / 'rows.csv').write_text('\n'.join(lines) + '\n')
        (self.folder / 'run.yaml').write_text(CONFIG)
        self.run_folder = self.folder / 'run'
        self.assertEqual(hgq(self.folder / 'run.yaml', '--out', self.run_folder, '--quiet').code, 0)

    def tearDown(self):
        self.scratch.cleanup()

    def refused(self, result, *parts):
        text = (result.err + result.out).decode('utf-8', 'replace')
        self.assertEqual(result.code, 2, text[:2000])
        self.assertLess(len(text), 20000)
        for part in parts:
            self.assertIn(part, text)
        for byte in result.err + result.out:
            self.assertTrue(byte >= 32 or byte in b'\n\t', text[:2000])

    def test_nothing_waits_for_a_pipe_or_a_device(self):
        pipe = self.folder / 'pipe'
        os.mkfifo(pipe)
        model, proxy, csv = self.run_folder / 'model.h5', self.run_folder / 'proxy.h5', self.folder / 'rows.csv'
        out = self.folder / 'out.h5'
        for file in (pipe, '/dev/zero', '/dev/full'):
            for command in (('check', file), (file, '--out', out), ('summary', file), ('eval', file, '--data', csv), ('predict', file, '--data', csv, '--out', out),
                            ('predict', model, '--data', file, '--out', out), ('eval', model, '--data', file), ('trace', model, '--data', file),
                            ('export', file, '--out', out), ('import', file, '--out', out), ('verify', file, '--against', model, '--data', csv),
                            ('verify', proxy, '--against', file, '--data', csv), ('verify', proxy, '--against', model, '--data', file),
                            ('predict', model, '--data', csv, '--out', file), ('export', model, '--out', file), ('trace', model, '--data', csv, '--out', file)):
                with self.subTest(command=command):
                    result = hgq(*command, seconds=30)
                    self.assertEqual(result.code, 2, result.err)
        checkpoint = self.run_folder / 'checkpoint.h5'
        checkpoint.unlink()
        os.mkfifo(checkpoint)
        self.refused(hgq(self.folder / 'run.yaml', '--out', self.run_folder, '--resume', '--set', 'train.epochs=2', seconds=30), 'pipe')

    def test_a_config_comes_from_a_pipe_that_is_written_to(self):
        text = CONFIG.replace('rows.csv', str(self.folder / 'rows.csv'))
        read, write = os.pipe()
        os.write(write, text.encode())
        os.close(write)
        result = subprocess.run([ARGS.program, 'check', f'/dev/fd/{read}'], pass_fds=[read], capture_output=True, timeout=60)
        os.close(read)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_a_signal_ends_what_is_not_training_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            read, write = os.pipe()  # a config whose writer does not come to an end
            os.write(write, b'data: {')
            child = subprocess.Popen([ARGS.program, 'check', f'/dev/fd/{read}'], pass_fds=[read], stdout=subprocess.DEVNULL)
            os.close(read)
            time.sleep(1)
            self.assertIsNone(child.poll())
            child.send_signal(number)
            self.assertEqual(child.wait(timeout=20), 130)
            os.close(write)

    def test_many_errors_take_little_time_and_text(self):
        config = self.folder / 'wrong.yaml'
        config.write_text(CONFIG + 'callbacks:\n' + ''.join(f'- Nothing{i}\n' for i in range(60000)))
        self.refused(hgq('check', config), 'found a list of 60000')
        config.write_text(CONFIG + 'callbacks:\n' + ''.join(f'- Nothing{i}\n' for i in range(1000)))
        self.refused(hgq('check', config), 'and 950 more errors')
        config.write_text(CONFIG + ''.join(f'"key{i}\\e[31m": 1\n' for i in range(30000)))
        self.refused(hgq('check', config), 'more errors')
        config.write_text(CONFIG.replace('HQuantize', 'HQuantize: {name: "a\\0b"}'))
        self.refused(hgq('check', config), 'control character 0')
        config.write_text(CONFIG + 'callbacks: [Checkpoint: {file: ""}]\n')
        self.refused(hgq('check', config), 'expected the name of a file')

    def test_names_do_not_reach_the_terminal_as_they_are(self):
        model, out = self.run_folder / 'model.h5', self.folder / 'out.h5'
        many = self.folder / 'many.npz'
        with zipfile.ZipFile(many, 'w') as archive:
            for i in range(20000):
                archive.writestr(f'\x1b[2Jarray\x9b{i}.npy', b'')
        self.refused(hgq('predict', model, '--data', many, '--inputs', 'x', '--out', out), "has no array 'x'", 'more')
        long = self.folder / 'long.npz'
        with zipfile.ZipFile(long, 'w') as archive:
            for i in range(40):
                archive.writestr('n' * 60000 + f'{i}.npy', b'')
        self.refused(hgq('predict', model, '--data', long, '--inputs', 'x', '--out', out), "has no array 'x'")
        self.refused(hgq('predict', model, '--data', self.folder / 'rows.csv', '--inputs', 'x' * 100000, '--out', out))
        self.refused(hgq('summary', '\x1b[2J.h5'), 'there is no such file')

    def bombs(self):
        """Files of a few bytes that unpack to very much, and the command line that reads them."""
        size = int(ARGS.gigabytes * 2**30)
        zeros = bytes(1 << 24)
        count = size // len(zeros)
        rows = count * len(zeros) // 8
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        body = packer.compress(npy(f'({rows}, 2)')) + b''.join(packer.compress(zeros) for _ in range(count)) + packer.flush()
        array = npy(f'({rows}, 2)')

        def zipped(claim, crc=0):
            name = b'x.npy'
            common = struct.pack('<HHHIIIIHH', 20, 0, 8, 0, crc, len(body), min(claim, 0xffffffff), len(name), 0)
            local = b'PK\3\4' + common + name
            directory = b'PK\1\2' + struct.pack('<H', 20) + common + bytes(10) + struct.pack('<I', 0) + name
            end = struct.pack('<HHHHIIH', 0, 0, 1, 1, len(directory), len(local) + len(body), 0)
            return local + body + directory + b'PK\5\6' + end

        whole = len(array) + count * len(zeros)
        yield 'right claim', 'npz', zipped(min(whole, 0xfffffffe))
        yield 'claims 100 bytes', 'npz', zipped(100)
        yield 'claims more', 'npz', zipped(0xfffffffe)
        yield 'gzip', 'npy.gz', b'\x1f\x8b\x08' + bytes(6) + b'\xff' + body + struct.pack('<II', 0, whole & 0xffffffff)
        text = zlib.compressobj(6, zlib.DEFLATED, 31)
        yield 'csv', 'csv.gz', text.compress(b'a,b,label\n1,2,0\n') + b''.join(text.compress(b'0' * len(zeros)) for _ in range(count)) + text.flush()
        # A chunk of HDF5 has less than 4 GiB.
        packer = zlib.compressobj(6)
        most = min(count, 255) if ARGS.gigabytes > 1 else 2
        body = b''.join(packer.compress(zeros) for _ in range(most)) + packer.flush()
        yield 'one chunk', 'h5', deflated_dataset('x', most * len(zeros) // 8, 2, body)
        yield 'chunk claims 8000 bytes', 'h5', deflated_dataset('x', 1000, 2, body)

    def test_bombs_take_little_memory(self):
        bare = hgq('check', self.folder / 'run.yaml').megabytes
        for what, kind, content in self.bombs():
            bomb = self.folder / f'bomb.{kind}'
            bomb.write_bytes(content)
            inputs = '{file: bomb.' + kind + (', name: x}' if kind in ('npz', 'h5') else '}')
            config = self.folder / 'bomb.yaml'
            config.write_text(CONFIG.replace('file: rows.csv, inputs: [a, b], targets: label',
                                             f'file: {bomb.name}, inputs: [a, b], targets: label, memory: {ARGS.memory}' if kind == 'csv.gz' else
                                             f'inputs: {inputs}, targets: {inputs}, memory: {ARGS.memory}'))
            model, proxy = self.run_folder / 'model.h5', self.run_folder / 'proxy.h5'
            names = 'a,b' if kind == 'csv.gz' else f'{bomb}:x' if kind in ('npz', 'h5') else bomb
            data = ('--data', bomb, '--inputs', names, '--memory', ARGS.memory)
            for command in (('check', config), (config, '--out', self.folder / 'bombed', '--quiet'), ('predict', model, *data, '--out', self.folder / 'out.h5'),
                            ('predict', proxy, *data, '--out', self.folder / 'out.h5'), ('trace', model, *data), ('verify', proxy, '--against', model, *data),
                            ('eval', model, *data, '--targets', 'label' if kind == 'csv.gz' else names)):
                with self.subTest(what=what, command=command):
                    result = hgq(*command)
                    # What a small bomb of HDF5 unpacks to is let be; the child that tries a large one is ended in time.
                    if what != 'chunk claims 8000 bytes' or ARGS.gigabytes > 0.5 or result.code != 0:
                        self.refused(result, bomb.name)
                    by_child = 512 if kind == 'h5' else 0
                    self.assertLess(result.megabytes, bare + ARGS.memory * 1024 + ARGS.slack + by_child)
                    print(f'bomb, {what}: {len(content) / 1e6:.2f} MB, {result.seconds:.2f} s, {result.megabytes:.0f} MB: '
                          f'{(result.err or result.out).decode().strip()[:300]}', file=sys.stderr)

    def test_bombs_of_keras_take_little_memory(self):
        bare = hgq('check', self.folder / 'run.yaml').megabytes
        for bomb in ('config.json', 'model.weights.h5'):
            file = self.folder / 'bomb.keras'
            with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as archive:
                for name in ('config.json', 'model.weights.h5'):
                    with archive.open(name, 'w', force_zip64=True) as member:
                        for _ in range(int(ARGS.gigabytes * 64) if name == bomb else 0):
                            member.write(bytes(1 << 24))
                        member.write(b'{"class_name": "Sequential", "config": {"layers": []}}')
            result = hgq('import', file, '--out', self.folder / 'out.h5')
            self.refused(result, 'bomb.keras', bomb, 'claims to unpack')
            self.assertLess(result.megabytes, bare + ARGS.slack)

    def test_rows_are_read_and_written_in_blocks(self):
        rows = 4 << 20
        many = self.folder / 'many.npy'
        with open(many, 'wb') as file:  # 32 MiB of zeros, and as much again of outputs
            file.write(npy(f'({rows}, 2)'))
            file.truncate(file.tell() + rows * 8)
        model, proxy, out = self.run_folder / 'model.h5', self.run_folder / 'proxy.h5', self.folder / 'out.h5'
        bare = hgq('predict', model, '--data', self.folder / 'rows.csv', '--inputs', 'a,b', '--out', out).megabytes
        for command in (('predict', model, '--out', out, '--with-inputs'), ('predict', proxy, '--out', out), ('verify', proxy, '--against', model)):
            result = hgq(*command, '--data', many, '--memory', '0.002')
            self.assertEqual(result.code, 0, result.err)
            self.assertLess(result.megabytes, bare + ARGS.slack / 10)  # 20 MB; sanitizers take more
        self.assertGreater(out.stat().st_size, rows * 8)

    def test_a_record_of_separators_takes_little_memory(self):
        wide = self.folder / 'wide.csv'
        for front in ('a,b,label\n1,2,0\n', ''):
            wide.write_text(front + ',' * (16 << 20) + '\n')
            result = hgq('predict', self.run_folder / 'model.h5', '--data', wide, '--inputs', 'a,b', '--out', self.folder / 'out.h5')
            self.refused(result, 'wide.csv:' + ('3' if front else '1'), 'has more than 1048576 fields')
            self.assertLess(result.megabytes, 200 + ARGS.slack)
        wide.write_text('a,b,label\n1,2,"' + ',' * (2 << 20) + '"\n3,4,0\n')  # those within quotes separate nothing
        result = hgq('predict', self.run_folder / 'model.h5', '--data', wide, '--inputs', 'a,b', '--out', self.folder / 'out.h5')
        self.assertEqual(result.code, 0, result.err)

    def test_names_that_repeat_in_yaml_and_deep_nesting_are_refused(self):
        config = self.folder / 'deep.yaml'
        for text in ('a: &a [x, x]\nb: [*a, *a]\n', '[' * 100000, '{a: ' * 100000, '- ' * 100000 + 'x\n'):
            config.write_text(text)
            self.refused(hgq('check', config))


def main():
    global ARGS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True)
    parser.add_argument('--gigabytes', type=float, default=0.125)
    parser.add_argument('--memory', type=float, default=0.02, help='data.memory, in GiB')
    parser.add_argument('--slack', type=float, default=200, help='megabytes that a bomb may take beyond data.memory')
    ARGS, rest = parser.parse_known_args()
    ARGS.program = str(pathlib.Path(ARGS.program).resolve())
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == '__main__':
    main()
