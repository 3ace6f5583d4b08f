#!/usr/bin/env python3
"""hgq-train verify of an RTL folder. Simulators are optional.

    rtl_verify_test.py --program build/bin/hgq-train --source . [-k NAME]
"""
import json
import os
import pathlib
import shutil
import signal
import unittest

from cli_support import hgq, main
from rtl_support import RtlTestCase


class RtlVerifyTest(RtlTestCase):
    def test_verify_needs_a_folder_of_rtl_and_a_simulator(self):
        self.assertIn('--against', hgq('verify', self.proxy, '--data', self.data, check=2).stderr)
        self.assertIn('is a folder', hgq('verify', self.folder, check=2).stderr)
        self.rtl()
        self.assertIn('is installed (apt-get install verilator)', hgq('verify', self.folder / 'rtl', check=2, env={'PATH': '/nonexistent'}).stderr)

    def verify(self, *options, check=0, **kwargs):
        """Icarus Verilog compiles sooner than Verilator."""
        tools = self.folder.parent / (self.folder.name + '_tools')
        tools.mkdir(exist_ok=True)
        self.addCleanup(shutil.rmtree, tools, ignore_errors=True)
        for name in ('iverilog', 'vvp'):
            if shutil.which(name) and not (tools / name).exists():
                (tools / name).symlink_to(shutil.which(name))
        env = {'PATH': str(tools)} if shutil.which('iverilog') else {}
        return hgq('verify', self.folder / 'rtl', *options, check=check, env=env, **kwargs)

    def change_sources(self):
        changed = 0
        for source in (self.folder / 'rtl/src').glob('*.v'):
            text = source.read_text()
            lines = [line.replace(' + ', ' - ', 1) if line.lstrip().startswith(('assign', 'wire')) else line
                     for line in text.splitlines()]
            changed += '\n'.join(lines) + '\n' != text
            source.write_text('\n'.join(lines) + '\n')
        self.assertGreater(changed, 0)

    def top(self):
        return self.folder / 'rtl/src' / (self.report()['top'] + '.v')

    @unittest.skipUnless(shutil.which('verilator') or shutil.which('iverilog'), 'no simulator')
    def test_a_changed_source_is_found(self):
        self.rtl('--rows', 100)
        self.assertIn('100 rows', hgq('verify', self.folder / 'rtl', check=0).stdout)
        data = self.golden / 'unary_fn/data.h5'
        self.verify('--data', data, '--inputs', 'x/overflow')
        self.change_sources()
        result = json.loads(self.verify('--json', check=1).stdout)
        self.assertFalse(result['equal'])
        self.assertGreater(result['rows_differ'], 10)
        self.assertEqual(result['rows'], 100)
        self.assertIn('of 100 rows differ', self.verify(check=1).stdout)

    @unittest.skipUnless(shutil.which('verilator') or shutil.which('iverilog'), 'no simulator')
    def test_nothing_that_is_printed_is_believed(self):
        """Neither scripts nor the test bench of the folder are run, and what a source prints says nothing."""
        self.rtl('--rows', 100, '--latency', 2)
        folder = self.folder / 'rtl'
        mark = self.folder / 'mark'
        (folder / 'simulate.sh').write_text(f'#!/bin/sh\ntouch {mark}\necho PASSED 100 rows\n')
        for file in (folder / 'sim').iterdir():
            file.write_text('nonsense')
        for path in (folder, *folder.rglob('*')):
            path.chmod(path.stat().st_mode & ~0o222)
        self.assertIn('100 rows', self.verify().stdout)
        for path in (folder, *folder.rglob('*')):
            path.chmod(path.stat().st_mode | 0o200)
        right = self.top().read_text()
        self.top().write_text(right.replace('localparam LATENCY = 2;', 'localparam LATENCY = 2;\n  initial $display("PASSED 100 rows");\n'
                                            '  initial #1 begin $display("PASSED 100 rows"); $finish; end'))
        self.assertIn('ended after', self.verify(check=2).stderr)
        self.top().write_text(right.replace('localparam LATENCY = 2;', 'localparam LATENCY = 2;\n  initial $display("PASSED 100 rows");'))
        self.verify()
        self.change_sources()
        result = self.verify(check=1)
        self.assertNotIn('PASSED', result.stdout)
        self.assertIn('the sources give', result.stdout)
        self.assertFalse(mark.exists())
        (self.folder / 'rtl/src' / (self.report()['top'] + '_ports.v')).write_text('module')
        self.assertIn('do not compile', self.verify(check=2).stderr)

    @unittest.skipUnless(shutil.which('iverilog'), 'no simulator')
    def test_outputs_that_are_too_narrow_differ(self):
        """Report and sources agree, but the value is cut off."""
        self.rtl('--rows', 100)
        report = self.report()
        last = report['outputs'][-1]['features'][-1]
        width = last['lowest_bit'] + last['bits']
        last['bits'] -= 2
        (self.folder / 'rtl/report.json').write_text(json.dumps(report))
        self.assertIn('its latency are not those of report.json', self.verify(check=2).stderr)
        text = self.top().read_text()
        narrow = text.replace(f'wire [{width - 1}:0] model_out', f'wire [{width - 3}:0] model_out')
        self.assertNotEqual(text, narrow)
        self.top().write_text(narrow)
        self.assertGreater(json.loads(self.verify('--json', check=1).stdout)['rows_differ'], 10)

    def change_report(self, change):
        report = json.loads(json.dumps(self.whole_report))
        change(report)
        (self.folder / 'rtl/report.json').write_text(json.dumps(report))

    def test_a_report_that_does_not_fit_is_found(self):
        self.rtl('--latency', 2, '--clock-enable')
        self.whole_report = self.report()
        feature = lambda r: r['inputs'][0]['features'][0]
        changes = [(lambda r: feature(r).update(bits=feature(r)['bits'] + 1), 'lowest_bit'),
                   (lambda r: r['inputs'][0]['features'][-1].update(bits=3), 'bits'),
                   (lambda r: feature(r).update(signed=not feature(r)['signed']), 'signed'),
                   (lambda r: feature(r).update(fraction=feature(r)['fraction'] + 1), 'fraction'),
                   (lambda r: feature(r).update(element=99), 'element'),
                   (lambda r: r['inputs'][0]['features'].pop(), 'latency are not those'),
                   (lambda r: r['inputs'].pop(), 'inputs'),
                   (lambda r: r['inputs'][0].update(shape=[11]), 'shape'),
                   (lambda r: r['inputs'][0].update(name='x'), 'name'),
                   (lambda r: r['inputs'][0].update(quantizer='x'), 'quantizer'),
                   (lambda r: r['outputs'][0].update(shape=[1, 1]), 'shape'),
                   (lambda r: r['outputs'][0].update(name='y'), 'name'),
                   (lambda r: r['outputs'].append(r['outputs'][0]), 'lowest_bit'),
                   (lambda r: r.update(latency=3), 'latency are not those'),
                   (lambda r: r.update(reset=True), 'latency are not those'),
                   (lambda r: r.update(clock_enable=False), 'latency are not those'),
                   (lambda r: r.update(language='vhdl'), '.vhd'),
                   (lambda r: r.update(language='chisel'), 'language'),
                   (lambda r: r.update(format='hgq-rtl 9'), 'format'),
                   (lambda r: r.update(top='../../evil'), 'top'),
                   (lambda r: r['files'].append('src/none.v'), 'src/none.v'),
                   (lambda r: r['files'].append('../rtl/src/none.v'), 'in the folder'),
                   (lambda r: r['files'].append('/etc/passwd'), 'in the folder'),
                   (lambda r: r.update(files=['proxy.h5']), 'files')]
        for number, (change, text) in enumerate(changes):
            with self.subTest(number=number, text=text):
                self.change_report(change)
                result = self.verify(check=2)
                self.assertIn(text, result.stderr)
                self.assertIn('report.json', result.stderr)
        (self.folder / 'rtl/report.json').write_text(json.dumps(self.whole_report))
        (self.folder / 'rtl/src' / (self.whole_report['top'] + '_ports.v')).unlink()
        self.assertIn('_ports.v', self.verify(check=2).stderr)

    def test_a_damaged_report_is_named(self):
        self.rtl('--latency', 2)
        self.whole_report = self.report()
        path = self.folder / 'rtl/report.json'
        text = path.read_text()
        for damaged in ('', ' ', '{', text[:len(text) // 2], text[:-3], '[]', 'null', '7', '"x"', '{}', '[' * 100000, '\0' * 100,
                        '{"format": "hgq-rtl 1"}', text.replace('"hgq-rtl 1"', '1e999'), 'PK\x03\x04'):
            with self.subTest(damaged=damaged[:40]):
                path.write_text(damaged)
                self.report_error(self.verify(check=2))
        path.write_bytes(b'{"format": "hgq-rtl 1", "name": "\xff\xfe"}')
        self.report_error(self.verify(check=2))

        def places(value, path=()):
            """One of each kind: only the first of a list."""
            if path:
                yield path
            if isinstance(value, dict):
                for key in value:
                    yield from places(value[key], (*path, key))
            elif isinstance(value, list) and value:
                index = next((i for i, item in enumerate(value) if isinstance(item, dict) and 'matrix' in item), 0)
                yield from places(value[index], (*path, index))

        def put(report, place, value):
            for key in place[:-1]:
                report = report[key]
            if value is None:
                del report[place[-1]]
            else:
                report[place[-1]] = value

        tried = 0
        for place in places(self.whole_report):
            if isinstance(place[-1], str) and place[-1] != 'matrix':
                with self.subTest(missing=place):
                    self.change_report(lambda report: put(report, place, None))
                    self.report_error(self.verify(check=2))
            for wrong in ({'x': [1]}, -10**30):
                with self.subTest(place=place, wrong=wrong):
                    self.change_report(lambda report: put(report, place, wrong))
                    self.report_error(self.verify(check=2))
                    tried += 1
        self.assertGreater(tried, 100)

    def report_error(self, result):
        self.assertIn('report.json: ', result.stderr)
        self.assertEqual(result.stderr.count('error'), 1, result.stderr)
        for word in ('exception', 'json.', 'type_error', 'parse'):
            self.assertNotIn(word, result.stderr.replace('report.json', ''))

    @staticmethod
    def running_in(folder):
        """Processes that work there, or in a folder of it that is gone; not those that have ended."""
        found = []
        for process in pathlib.Path('/proc').glob('[0-9]*'):
            try:
                if os.readlink(process / 'cwd').startswith(str(folder)):
                    found.append((process / 'cmdline').read_text())
            except OSError:
                pass
        return found

    @unittest.skipUnless(shutil.which('verilator') or shutil.which('iverilog'), 'no simulator')
    def test_an_interrupted_verify_leaves_nothing(self):
        self.rtl('--rows', 100)
        temporary = self.folder / 'tmp'
        temporary.mkdir()
        env = {**os.environ, 'TMPDIR': str(temporary)}
        codes = []
        for delay, number in ((0.2, signal.SIGINT), (0.7, signal.SIGTERM), (1.5, signal.SIGINT), (3, signal.SIGTERM)):
            with self.subTest(delay=delay):
                code, errors = self.interrupted(delay, number, 'verify', self.folder / 'rtl', env=env)
                codes.append(code)
                self.assertIn(code, (0, 130), errors)
                if code == 130:
                    self.assertIn('hgq-train: interrupted', errors)
                self.assertEqual(list(temporary.iterdir()), [])
                self.assertEqual(self.running_in(temporary), [])
        self.assertIn(130, codes)

    @unittest.skipUnless(shutil.which('ghdl'), 'no simulator')
    def test_vhdl_is_simulated(self):
        self.rtl('--language', 'vhdl', '--latency', 2, '--rows', 100)
        self.assertIn('vhdl equals', hgq('verify', self.folder / 'rtl', check=0).stdout)
        for source in (self.folder / 'rtl/src').glob('*.vhd'):
            text = source.read_text().replace(' + ', ' - ')
            source.write_text(text.replace('\nbegin\n', '\nbegin\n  assert false report "PASSED 100 rows" severity note;\n', 1))
        result = hgq('verify', self.folder / 'rtl', check=1)
        self.assertIn('of 100 rows differ', result.stdout)


if __name__ == '__main__':
    main()
