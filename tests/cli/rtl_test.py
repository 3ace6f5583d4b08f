#!/usr/bin/env python3
"""RTL from the outside: hgq-train rtl, and export.rtl of a run.

    rtl_test.py --program build/bin/hgq-train --source . [-k NAME]
"""
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import unittest

from cli_support import ARGS, digest, hgq, main
from rtl_support import RtlTestCase

RUN = '''
data: {file: DATA, inputs: x, targets: y, validation: 0.1, scale: standard}
model:
  kernel_quantizer: {init_bw: 3}
  activation_quantizer: {init_bw: 3}
  layers:
    - HQuantize: {name: inp_q}
    - HDense: {units: 4, activation: relu}
    - HDense: {units: 2, name: out}
train: {loss: sparse_categorical_crossentropy, epochs: 2, batch_size: 512}
export: {rtl: RTL}
'''


def files(folder):
    """All files but those with times in them."""
    return {str(path.relative_to(folder)): digest(path) for path in sorted(pathlib.Path(folder).rglob('*'))
            if path.is_file() and path.name != 'report.json'}


class RtlTest(RtlTestCase):
    def test_every_form_is_written_and_reported(self):
        forms = itertools.product(('verilog', 'vhdl'), ('generic', 'xilinx'), ('', '--latency 3', '--stage-delay 2.5', '--stage-levels 3'),
                                  ('', '--clock-enable --reset'))
        for language, target, registers, ports in forms:
            with self.subTest(language=language, target=target, registers=registers, ports=ports):
                self.rtl('--language', language, '--target', target, *registers.split(), *ports.split(), '--force', '--rows', 100)
                report = self.report()
                self.assertEqual((report['language'], report['target'], report['rows']), (language, target, 100))
                self.assertEqual(report['latency'] > 0, bool(registers))
                if 'latency' in registers:
                    self.assertEqual(report['latency'], 3)
                self.assertEqual(report['total']['register_bits'] > 0, bool(registers))
                self.assertGreater(report['total']['adder_bits'] + report['total']['three_operand_bits'], 100)
                ending = '.vhd' if language == 'vhdl' else '.v'
                sources = [path.name for path in (self.folder / 'rtl/src').iterdir()]
                self.assertTrue(all(name.endswith(ending) for name in sources), sources)
                self.assertEqual(digest(self.folder / 'rtl/proxy.h5'), digest(self.proxy))
                self.assertTrue(os.access(self.folder / 'rtl' / 'simulate.sh', os.X_OK))

    def test_rows_of_data_are_in_the_test_bench(self):
        self.rtl('--data', self.golden / 'unary_fn/data.h5', '--inputs', 'x/calib', '--rows', 90)
        self.assertEqual(self.report()['rows'], 90)
        self.assertEqual(len((self.folder / 'rtl/sim/inputs.hex').read_text().splitlines()), 90)

    def test_threads_change_nothing(self):
        for effort in ('low', 'medium'):
            self.rtl('--threads', 1, '--effort', effort, out='one')
            self.rtl('--threads', 3, '--effort', effort, out='three')
            self.assertEqual(files(self.folder / 'one'), files(self.folder / 'three'))
            shutil.rmtree(self.folder / 'one')
            shutil.rmtree(self.folder / 'three')

    def test_more_effort_and_more_depth_are_not_larger(self):
        bits = {}
        for options in ('', '--effort medium', '--extra-depth 0', '--extra-depth 2'):
            self.rtl(*options.split(), '--force')
            bits[options] = self.report()['total']['adder_bits']
        self.assertLessEqual(bits['--effort medium'], bits[''])
        # Each depth is searched by itself, and the search is short.
        self.assertLessEqual(bits[''], 1.02 * bits['--extra-depth 2'])
        self.assertLessEqual(bits['--extra-depth 2'], 1.02 * bits['--extra-depth 0'])

    def test_folders_are_not_overwritten(self):
        self.rtl()
        before = files(self.folder / 'rtl')
        result = self.rtl('--latency', 2, check=2)
        self.assertIn('--force', result.stderr)
        self.assertEqual(files(self.folder / 'rtl'), before)
        self.rtl('--latency', 2, '--force')
        self.assertNotEqual(files(self.folder / 'rtl'), before)
        other = self.folder / 'mine'
        other.mkdir()
        (other / 'thesis.tex').write_text('years of work')
        self.assertIn('is not replaced', self.rtl('--force', out='mine', check=2).stderr)
        self.assertEqual((other / 'thesis.tex').read_text(), 'years of work')
        note = self.folder / 'rtl' / 'notes.txt'
        note.write_text('mine')
        self.assertIn('notes.txt', self.rtl('--force', check=2).stderr)
        self.assertEqual(note.read_text(), 'mine')
        note.unlink()
        for beside in ('rtl.part', 'rtl.old'):
            (self.folder / beside).mkdir()
        self.rtl('--force')
        self.assertTrue((self.folder / 'rtl.part').exists() and (self.folder / 'rtl.old').exists())
        (self.folder / 'link').symlink_to(self.folder / 'rtl')
        self.rtl('--force', out='link', check=2)
        file = self.folder / 'file'
        file.write_text('x')
        self.rtl('--force', out='file', check=2)
        self.assertEqual(file.read_text(), 'x')
        self.rtl('--force', out='rtl/')
        self.rtl(out='deep/er')

    def test_several_at_once_leave_one_whole_folder(self):
        command = [ARGS.program, 'rtl', str(self.proxy), '--out', str(self.folder / 'rtl'), '--force', '--rows', '50', '--threads', '1']
        running = [subprocess.Popen([*command, '--latency', str(latency)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                   for latency in (1, 2, 3, 4)]
        codes = []
        for process in running:
            process.communicate()
            codes.append(process.returncode)
        self.assertIn(0, codes)
        listed = set(self.report()['files'])
        self.assertEqual({str(path.relative_to(self.folder / 'rtl')) for path in (self.folder / 'rtl').rglob('*') if path.is_file()},
                         listed)
        self.assertEqual([path.name for path in self.folder.iterdir()], ['rtl'])

    def test_nothing_is_left_of_what_fails(self):
        for options in (('--latency', 0.5), ('--stage-delay', 0), ('--stage-delay', 0.01), ('--stage-levels', 0), ('--stage-levels', 2, '--stage-delay', 2), ('--extra-depth', 'x'), ('--extra-depth', -1),
                        ('--language', 'c'), ('--data', self.folder / 'none.h5'), ('--rows', 0), ('--latency', 0, '--stage-delay', 3),
                        ('--clock-period', 0), ('--clock-period', 0.001), ('--clock-period', 1e7), ('--clock-period', 'inf'), ('--clock-period', 'nan'),
                        ('--part', '-x'), ('--part='), ('--part', 'a b'), ('--part', 'x;exit'), ('--part', 'p' * 200)):
            with self.subTest(options=options):
                result = self.rtl(*options, check=2)
                self.assertIn('error', result.stderr)
                self.assertEqual(list(self.folder.iterdir()), [])

    def test_softmax(self):
        proxy = self.golden / 'softmax_out/proxy_wrap.h5'
        refused = self.rtl(proxy=proxy, check=2).stderr
        self.assertIn("layer 'prob'", refused)
        self.assertIn('--softmax logits', refused)
        logits = self.rtl('--softmax', 'logits', proxy=proxy)
        self.assertIn('softmax', logits.stderr)
        shape = self.report()['outputs'][0]['shape']
        self.rtl('--softmax', 'argmax', '--force', proxy=proxy)
        self.assertEqual(self.report()['outputs'][0]['shape'], shape[:-1] + [1])
        self.assertFalse(self.report()['outputs'][0]['features'][0]['signed'])
        # An output without a softmax is none of its business.
        self.rtl('--force')
        outputs = self.report()['outputs']
        self.assertIn("has no softmax, and keeps its values", self.rtl('--softmax', 'argmax', '--force').stderr)
        self.assertEqual(self.report()['outputs'], outputs)
        self.assertEqual(hgq('verify', self.folder / 'rtl', check=0).returncode, 0)

    def test_features_fill_the_vectors(self):
        self.rtl()
        for ports in (self.report()['inputs'], self.report()['outputs']):
            lowest = 0
            for feature in (feature for port in ports for feature in port['features']):
                self.assertEqual(feature['lowest_bit'], lowest)
                lowest += feature['bits']
            self.assertGreater(lowest, 0)

    def test_json_is_the_report(self):
        printed = json.loads(self.rtl('--json').stdout)
        written = self.report()
        self.assertIn('report.json', written.pop('files'))
        self.assertEqual(printed, written)

    def test_a_run_ends_with_rtl(self):
        path = self.folder / 'run.yaml'
        path.write_text(RUN.replace('DATA', str(self.data.resolve())).replace('RTL', '{latency: 2, rows: 50}'))
        result = hgq(path, '--out', self.folder / 'run', '--stop-after', 1, check=0)
        self.assertFalse((self.folder / 'run/rtl').exists())
        result = hgq(path, '--out', self.folder / 'run', '--resume', check=0)
        self.assertIn('estimated:', result.stdout)
        self.assertEqual(self.report('run/rtl')['latency'], 2)
        self.assertEqual(self.report('run/rtl')['rows'], 50)
        self.assertEqual(digest(self.folder / 'run/rtl/proxy.h5'), digest(self.folder / 'run/proxy.h5'))
        path.write_text(RUN.replace('DATA', str(self.data.resolve())).replace('RTL', '{languages: verilog, rows: 0, extra_depth: deep}'))
        errors = hgq('check', path, check=2).stderr + hgq('check', path).stdout
        for text in ("'languages'", 'rows', 'extra_depth'):
            self.assertIn(text, errors)

    def test_check_foresees_a_softmax_without_a_circuit(self):
        path = self.folder / 'run.yaml'
        softmax = 'HDense: {units: 2}\n    - HActivation: {activation: softmax, name: out}'
        for rtl, code in (('{}', 2), ('{softmax: refuse}', 2), ('{softmax: logits}', 0), ('{softmax: argmax}', 0)):
            with self.subTest(rtl=rtl):
                path.write_text(RUN.replace('DATA', str(self.data.resolve())).replace('RTL', rtl).replace('HDense: {units: 2, name: out}', softmax))
                found = hgq('check', path, check=code).stdout
                self.assertEqual("layer 'out'" in found and '`softmax: logits`' in found, code == 2, found)
        path.write_text(RUN.replace('DATA', str(self.data.resolve())).replace('RTL', '{}').replace('HDense: {units: 2, name: out}', softmax))
        hgq(path, '--out', self.folder / 'run', check=2)
        self.assertFalse((self.folder / 'run').exists())

    def test_all_errors_of_the_section_are_found_at_once(self):
        path = self.folder / 'run.yaml'
        wrong = {'latency': (-1, 1001, 'x', 1.5), 'stage_delay': (0, 0.1, 1e7, 'x'), 'stage_levels': (0, 'x'), 'extra_depth': (-1, 'deep'), 'effort': ('most',),
                 'language': ('c',), 'target': ('intel',), 'softmax': ('yes',), 'solver_seconds': (0, 'x'), 'clock_period': (0, 1e7, 'x'),
                 'clock_enable': (1,), 'reset': ('x',), 'part': ("''", "'-x'", "'a b'"), 'rows': (0, 10**9)}
        for number in range(4):
            lines = {key: values[number % len(values)] for key, values in wrong.items()}
            rtl = '{' + ', '.join(f'{key}: {value}' for key, value in lines.items()) + '}'
            path.write_text(RUN.replace('DATA', str(self.data.resolve())).replace('RTL', rtl))
            found = hgq('check', path, check=2).stdout
            for key in wrong:
                self.assertIn(f'export.rtl.{key}: ', found)
        for rtl, text in (('{stage_delay: 2, stage_levels: 2}', 'stage_levels'), ('{latency: 0, stage_delay: 2}', 'latency')):
            path.write_text(RUN.replace('DATA', str(self.data.resolve())).replace('RTL', rtl))
            self.assertIn(text, hgq('check', path, check=2).stdout)

    def test_stages_that_are_too_short(self):
        short = self.rtl('--stage-delay', 0.6, check=2).stderr
        least = re.search(r'too short for a single adder, table or gate of (layer .*); expected at least ([0-9.]+) ns', short)
        self.assertGreater(least.group(1).count("layer '"), 1)
        self.rtl('--stage-delay', least.group(2))
        self.rtl('--stage-delay', float(least.group(2)) - 0.011, '--force', check=2)
        levels = self.rtl('--stage-levels', 1, '--force', check=2).stderr
        self.rtl('--stage-levels', re.search(r'at least ([0-9]+) adder levels', levels).group(1), '--force')
        few = self.rtl('--latency', 2, '--stage-delay', 1, '--force', check=2).stderr
        latency = int(re.search(r'a latency of at least ([0-9]+)', few).group(1))
        for clocks in (latency, latency + 3):
            self.rtl('--latency', clocks, '--stage-delay', 1, '--force')
            self.assertEqual(self.report()['latency'], clocks)
            self.assertLessEqual(self.report()['critical_path_ns'], 1 + 1e-9)

    def test_an_empty_section_has_all_defaults(self):
        path = self.folder / 'run.yaml'
        for number, rtl in enumerate(('', '{}', 'null')):
            path.write_text(RUN.replace('DATA', str(self.data.resolve())).replace('RTL', rtl).replace('epochs: 2', 'epochs: 1'))
            hgq(path, '--out', self.folder / f'run{number}', '--quiet', check=0)
            self.assertEqual((self.folder / f'run{number}/rtl').exists(), rtl != 'null')

    def test_a_run_without_a_circuit_keeps_its_other_files(self):
        path = self.folder / 'run.yaml'
        path.write_text(RUN.replace('DATA', str(self.data.resolve())).replace('RTL', '{stage_delay: 0.52}'))
        result = hgq(path, '--out', self.folder / 'run')
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn('there is no RTL', result.stderr)
        self.assertTrue((self.folder / 'run/proxy.h5').exists())
        self.assertFalse((self.folder / 'run/rtl').exists())

    def test_an_interrupted_rtl_leaves_nothing(self):
        begin = time.monotonic()
        self.rtl('--rows', 2000)
        whole = time.monotonic() - begin
        right = files(self.folder / 'rtl')
        shutil.rmtree(self.folder / 'rtl')
        codes = []
        for step in range(16):
            number = (signal.SIGINT, signal.SIGTERM)[step % 2]
            code, errors = self.interrupted(0.01 + whole * step / 15, number, 'rtl', self.proxy, '--out', self.folder / 'rtl', '--rows', 2000)
            if code == -number:
                continue  # the program had not begun
            codes.append(code)
            self.assertIn(code, (0, 130), errors)
            names = [path.name for path in self.folder.iterdir()]
            self.assertIn(names, ([], ['rtl']))
            if names:
                self.assertEqual(files(self.folder / 'rtl'), right)
                shutil.rmtree(self.folder / 'rtl')
            else:
                self.assertIn('interrupted', errors)
        self.assertIn(130, codes)
        code, errors = self.interrupted(1, signal.SIGINT, 'rtl', self.proxy, '--out', self.folder / 'rtl', '--effort', 'high')
        self.assertIn(code, (0, 130))


if __name__ == '__main__':
    main()
