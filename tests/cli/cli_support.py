"""What the tests of hgq-train from the outside share. Python's standard library only."""
import argparse
import hashlib
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

ARGS = argparse.Namespace()  # of the command line, filled in by main()


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


def write_npy(path, rows):
    """float32, one column or more."""
    width = len(rows[0])
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(rows)}, {width}), }}"
    header = header.ljust(128 - 11) + '\n'
    values = b''.join(struct.pack(f'<{width}f', *row) for row in rows)
    path.write_bytes(b'\x93NUMPY\1\0' + struct.pack('<H', len(header)) + header.encode() + values)


class CliTestCase(unittest.TestCase):
    """A folder of its own for each test, and the bundled config and data."""
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


def main(**options):
    """Runs the tests of the calling file. `options`: further arguments, integers with these defaults."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--program', required=True)
    parser.add_argument('--source', required=True)
    for name, default in options.items():
        parser.add_argument(f'--{name}', type=int, default=default)
    parser.add_argument('-k', action='append', default=[], help='only tests whose names hold this')
    parser.parse_args(namespace=ARGS)
    ARGS.program = os.path.abspath(ARGS.program)
    selection = [argument for name in ARGS.k for argument in ('-k', name)]
    unittest.main(argv=[sys.argv[0], '-v', *selection])
