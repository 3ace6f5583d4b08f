#!/usr/bin/env python3
"""Every command with every kind of file where another is expected: exit code 2 and one message, which names the file, what it
is, and what to do. Python's standard library only.

    wrong_files_test.py --program build/bin/hgq-train --source .
    wrong_files_test.py --program build/bin/hgq-train --source . --table      what each command says, to read
"""
import argparse
import concurrent.futures
import gzip
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile

ARGS = None
CONFIG = '''data: {file: %s, inputs: [a, b], targets: label}
model: {layers: [HQuantize, {HDense: {units: 2, name: out}}]}
train: {loss: sparse_categorical_crossentropy, epochs: 1, batch_size: 16}
'''


def hgq(*command):
    return subprocess.run([ARGS.program, *map(str, command)], capture_output=True, timeout=60, stdin=subprocess.DEVNULL)


def npy(shape, values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + '\n'
    return b'\x93NUMPY\1\0' + struct.pack('<H', len(header)) + header.encode() + values


class Files:
    """A file of each kind, by the kind's name; and what a message has to call it."""

    def __init__(self, folder):
        self.folder = folder
        lines = ['a,b,label'] + [f'{i % 7},{i % 5},{int(i % 7 > i % 5)}' for i in range(64)]
        table = '\n'.join(lines) + '\n'
        self.table = self.write('rows.csv', table.encode())
        self.config = self.write('run.yaml', (CONFIG % 'rows.csv').encode())
        self.run = folder / 'run'
        result = hgq(self.config, '--out', self.run, '--quiet')
        assert result.returncode == 0, result.stderr
        array = npy('(64, 2)', bytes(64 * 8))
        files = pathlib.Path(ARGS.source) / 'tests/layers/files'
        golden = pathlib.Path(ARGS.source) / 'tests/golden/models/softmax_out'
        self.model, self.proxy = self.run / 'model.h5', self.run / 'proxy.h5'
        self.all = {
            'model': (self.model, ('is a model', 'is an HDF5 file', 'is not a proxy')),
            'proxy': (self.proxy, ('is a proxy', 'is a model', 'is an HDF5 file')),
            'model of Python HGQ': (self.copy(golden / 'hgq.h5', 'python.h5'), ('is a model', 'is an HDF5 file', 'is not a proxy')),
            'model of QKeras': (self.copy(files / 'qkeras_model.h5', 'qkeras.h5'), ('is a model', 'is an HDF5 file', 'is not a proxy')),
            '.keras': (self.copy(files / 'keras_3.keras', 'm.keras'), ('is a .keras file',)),
            'NPZ': (self.zip('x.npz', 'x.npy', array), ('NPZ',)),
            'zip': (self.zip('x.zip', 'words.txt', b'words'), ('is a zip',)),
            'NPY': (self.write('x.npy', array), ('array of NumPy', 'NPY')),
            'IDX': (self.write('x.idx', b'\0\0\x08\x02\0\0\0\x40\0\0\0\2' + bytes(128)), ('IDX',)),
            'CSV': (self.table, ('a table of data',)),
            'gzip': (self.write('rows.csv.gz', gzip.compress(table.encode())), ('packed by gzip',)),
            'YAML': (self.config, ('YAML',)),
            'JSON': (self.write('m.json', b'{"class_name": "Sequential", "config": {"layers": '
                                b'[{"class_name": "Dense", "config": {"name": "d", "units": 2}}]}}'), ('JSON', "missing key 'data'")),
            'text': (self.write('notes.txt', b'these are words\nand more\n'), ('text', 'fields')),
            'run folder': (self.run, ('is a folder', 'no file of this name')),
            'empty': (self.write('empty', b''), ('is empty',)),
            'other': (self.write('noise.bin', bytes(range(256)) * 16), ('is no', 'is not', 'control character', 'zero byte')),
            'missing': (folder / 'missing.h5', ('no such file', 'no file')),
        }

    def write(self, name, content):
        (self.folder / name).write_bytes(content)
        return self.folder / name

    def copy(self, source, name):
        return pathlib.Path(shutil.copy(source, self.folder / name))

    def zip(self, name, member, content):
        with zipfile.ZipFile(self.folder / name, 'w') as archive:
            archive.writestr(member, content)
        return self.folder / name


MODELS = {'model', 'model of Python HGQ'}
ADVICE = ('expected', 'can be read', 'hgq-train ', '--weights', 'there is no', "'predict' and 'verify' read", 'the HDF5 signature is missing', 'there are: ')
DATA = {'NPZ', 'NPY', 'IDX', 'CSV', 'gzip'}


def positions(files):
    """Name of the place, the kinds that are right there (or may be), and the command with a file there that writes `out`."""
    table = ('--data', files.table)
    model, proxy = files.model, files.proxy

    def config_on(file, out):
        config = out.with_suffix('.yaml')
        config.write_text(CONFIG % f'"{file}"')
        return config

    yield 'CONFIG', {'YAML'}, lambda f, out: (f, '--out', out, '--quiet')
    yield 'check CONFIG', {'YAML'}, lambda f, out: ('check', f)
    yield 'summary MODEL', MODELS | {'proxy'}, lambda f, out: ('summary', f)
    yield 'eval MODEL', MODELS | {'proxy'}, lambda f, out: ('eval', f, *table)
    yield 'trace MODEL', MODELS, lambda f, out: ('trace', f, *table, '--out', out)
    yield 'predict MODEL', MODELS | {'proxy'}, lambda f, out: ('predict', f, *table, '--out', out)
    yield 'export MODEL', MODELS, lambda f, out: ('export', f, '--out', out)
    yield 'verify PROXY', {'proxy'}, lambda f, out: ('verify', f, '--against', model, *table)
    yield 'verify --against', MODELS, lambda f, out: ('verify', proxy, '--against', f, *table)
    yield 'import FILE', MODELS | {'model of QKeras', '.keras'}, lambda f, out: ('import', f, '--out', out)
    yield 'import --weights', MODELS | {'proxy', 'model of QKeras'}, lambda f, out: ('import', files.all['JSON'][0], '--weights', f, '--out', out)
    yield 'eval --data', DATA, lambda f, out: ('eval', model, '--data', f)
    yield 'predict --data', DATA, lambda f, out: ('predict', model, '--data', f, '--out', out)
    yield 'predict PROXY --data', DATA, lambda f, out: ('predict', proxy, '--data', f, '--out', out)
    yield 'trace --data', DATA, lambda f, out: ('trace', model, '--data', f, '--out', out)
    yield 'verify --data', DATA, lambda f, out: ('verify', proxy, '--against', model, '--data', f)
    yield 'predict --inputs', DATA, lambda f, out: ('predict', model, '--inputs', f, '--out', out)
    yield 'check data.file', DATA, lambda f, out: ('check', config_on(f, out))
    yield 'teacher', MODELS | {'proxy'}, lambda f, out: ('check', config_on(files.table, out), '--set', f'train.distillation={{teacher: "{f}"}}')
    yield 'data.file', DATA, lambda f, out: (config_on(f, out), '--out', out, '--quiet')


class WrongFiles(unittest.TestCase):
    def test_every_command_says_what_a_file_is(self):
        with tempfile.TemporaryDirectory(prefix='hgq_wrong_') as name, concurrent.futures.ThreadPoolExecutor(4) as pool:
            files = Files(pathlib.Path(name))
            runs = []
            for place, right, command in positions(files):
                for kind in files.all.keys() - right:
                    out = files.folder / f'out_{len(runs)}'
                    runs.append((place, kind, out, pool.submit(hgq, *command(files.all[kind][0], out))))
            for place, kind, out, run in runs:
                result, (file, words) = run.result(), files.all[kind]
                text = (result.stdout + result.stderr).decode('utf-8', 'replace')
                if ARGS.table:
                    print(f'{place} | {kind} | {result.returncode} | {text.strip().replace(name + "/", "")}')
                    continue
                with self.subTest(place=place, kind=kind):
                    self.assertEqual(result.returncode, 2, text)
                    self.assertIn(file.name, text)
                    self.assertTrue(any(word in text for word in words), text)
                    self.assertTrue(any(word in text for word in ADVICE), text)
                    self.assertLessEqual(text.count('hgq-train: error: '), 1, text)
                    self.assertFalse(out.is_file() or pathlib.Path(f'{out}.part').exists())


def main():
    global ARGS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True)
    parser.add_argument('--source', required=True)
    parser.add_argument('--table', action='store_true')
    ARGS, rest = parser.parse_known_args()
    ARGS.program = str(pathlib.Path(ARGS.program).resolve())
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == '__main__':
    main()
