#!/usr/bin/env python3
"""SIGTERM and SIGINT end every command at once, whatever it does, and leave no file that is half-written. Python's standard
library only.

    signals_test.py --program build/bin/hgq-train
"""
import argparse
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

ARGS = None
INTERRUPTED = 130
AT_ONCE = 4  # seconds, on a machine that does other things, too; most are 0.1
DATA = 'data: {file: rows.csv, inputs: [a, b], targets: label}\n'
LONG_DATA = 'data: {inputs: {file: x.npy}, targets: {file: y.npy}, scale: standard, memory: 0.05}\n'
MODEL = '''model: {layers: [HQuantize, %s{HDense: {units: 2, name: out}}]}
train: {loss: sparse_categorical_crossentropy, epochs: 1, batch_size: 16}
'''


def hgq(*command):
    return subprocess.run([ARGS.program, *map(str, command)], capture_output=True, timeout=60)


def sparse_npy(path, rows, columns):
    """Zeros that take no room on the disk, and many seconds to read."""
    shape = f'({rows}, {columns})' if columns > 1 else f'({rows},)'
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + '\n'
    with open(path, 'wb') as file:
        file.write(b'\x93NUMPY\1\0' + struct.pack('<H', len(header)) + header.encode())
        file.truncate(file.tell() + rows * columns * 4)


class Signals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix='hgq_signals_')
        cls.folder = pathlib.Path(cls.scratch.name)
        lines = ['a,b,label'] + [f'{i % 7},{i % 5},{int(i % 7 > i % 5)}' for i in range(64)]
        (cls.folder / 'rows.csv').write_text('\n'.join(lines) + '\n')
        (cls.folder / 'run.yaml').write_text(DATA + MODEL % '')
        wide = '{HDense: {units: 600}}, {HDense: {units: 600}}, '
        (cls.folder / 'wide.yaml').write_text(DATA + MODEL % wide)
        (cls.folder / 'long.yaml').write_text(LONG_DATA + MODEL % '')
        sparse_npy(cls.folder / 'x.npy', 1 << 30, 2)
        sparse_npy(cls.folder / 'y.npy', 1 << 30, 1)
        for name in ('run', 'wide'):
            result = hgq(cls.folder / f'{name}.yaml', '--out', cls.folder / name, '--quiet')
            assert result.returncode == 0, result.stderr

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def interrupted(self, number, delay, *command):
        """The exit code of a command that gets a signal after `delay` seconds. It ends at once."""
        child = subprocess.Popen([ARGS.program, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(delay)
        child.send_signal(number)
        start = time.monotonic()
        try:
            _, errors = child.communicate(timeout=20)
        finally:
            child.kill()
        self.assertLess(time.monotonic() - start, AT_ONCE, command)
        if child.returncode == -number and delay < 0.3:  # it came before the program had begun
            return INTERRUPTED
        self.assertIn(child.returncode, (0, INTERRUPTED), errors)
        return child.returncode

    def test_commands_on_long_data_end_at_once(self):
        model, proxy, out = self.folder / 'run/model.h5', self.folder / 'run/proxy.h5', self.folder / 'out.h5'
        data = ('--data', self.folder / 'x.npy', '--memory', '0.05')
        for number in (signal.SIGTERM, signal.SIGINT):
            for command in (('check', self.folder / 'long.yaml'),
                            (self.folder / 'long.yaml', '--out', self.folder / 'long', '--quiet'),
                            ('eval', model, *data, '--targets', self.folder / 'y.npy'),
                            ('trace', model, *data, '--out', out),
                            ('verify', proxy, '--against', model, *data),
                            ('predict', model, *data, '--out', out),
                            ('predict', proxy, *data, '--out', out)):
                with self.subTest(signal=number, command=command[0]):
                    self.assertEqual(self.interrupted(number, 0.3, *command), INTERRUPTED)
                    self.assertFalse(out.exists())
                    self.assertFalse((self.folder / 'long').exists() and any((self.folder / 'long').glob('*.h5')))

    def test_files_are_whole_or_not_there_and_left_overs_are_replaced(self):
        """Signals at many moments of commands that only read and write a model."""
        model, out = self.folder / 'wide/model.h5', self.folder / 'written.h5'
        part = self.folder / 'written.h5.part'
        for command, look in (('export', ('predict',)), ('import', ('summary',))):
            part.write_bytes(b'what a killed process left')
            start = time.monotonic()
            self.assertEqual(hgq(command, model, '--out', out).returncode, 0)
            whole = time.monotonic() - start
            self.assertFalse(part.exists())
            out.unlink()
            codes = []
            for step in range(8):
                number = (signal.SIGTERM, signal.SIGINT)[step % 2]
                codes.append(self.interrupted(number, 0.02 + whole * step / 7, command, model, '--out', out))
                if codes[-1] == 0 or out.exists():
                    data = () if look[0] == 'summary' else ('--data', self.folder / 'rows.csv', '--out', self.folder / 'y.h5')
                    result = hgq(*look, out, *data)
                    self.assertEqual(result.returncode, 0, result.stderr)
                    out.unlink()
            self.assertIn(INTERRUPTED, codes, command)
            self.assertEqual(hgq(command, model, '--out', out).returncode, 0)
            self.assertFalse(part.exists())
            out.unlink()


def main():
    global ARGS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True)
    ARGS, rest = parser.parse_known_args()
    ARGS.program = str(pathlib.Path(ARGS.program).resolve())
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == '__main__':
    main()
