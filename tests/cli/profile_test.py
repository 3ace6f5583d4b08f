#!/usr/bin/env python3
"""hgq-train CONFIG --profile: the table, profile.json, and the report, of runs that end, stop, are interrupted and continued.
Python's standard library only.

    profile_test.py --program build/bin/hgq-train --source .
"""
import json
import math
import re
import signal
import subprocess
import time

from cli_support import ARGS, CliTestCase, digest, hgq, history, main

PASSES = {'forward', 'again', 'backward'}
TIMES = re.compile(r'"(wall_seconds|samples_per_second)": [^,\n]*')


class ProfileTest(CliTestCase):
    def profile(self, out='run'):
        """profile.json, of which everything is checked that must hold for any run."""
        profile = json.loads((self.folder / out / 'profile.json').read_text())
        for key in ('product_gflops', 'copy_gbytes', 'memory_gbytes'):
            self.assertGreater(profile['machine'][key], 0)
        total = profile['seconds']
        self.assertGreater(total, 0)
        self.assertAlmostEqual(sum(phase['seconds'] for phase in profile['phases']), total, delta=1e-6 * total)
        slack = 1.02 * total + 1e-3  # of the clock, between one look at it and the next
        for phase in profile['phases']:
            self.assertLessEqual(phase['shared'], phase['seconds'] * 1.02 + 1e-3, phase)
            self.assertLessEqual(phase['busy'], profile['threads'] * slack, phase)
        self.assertEqual(len({phase['name'] for phase in profile['phases']}), len(profile['phases']))
        self.assertLessEqual(sum(o['seconds'] for o in profile['operations']), profile['threads'] * slack)
        self.assertTrue({o['pass'] for o in profile['operations']} <= PASSES)
        self.assertTrue({o['phase'] for o in profile['operations']} <= {phase['name'] for phase in profile['phases']})
        for values in profile['phases'] + profile['operations']:
            for value in values.values():
                self.assertTrue(isinstance(value, str) or (math.isfinite(value) and value >= 0), values)
        return profile

    def seconds_of(self, profile, phase):
        return sum(p['seconds'] for p in profile['phases'] if p['name'] == phase)

    def calls_of(self, profile, phase):
        return sum(p['calls'] for p in profile['phases'] if p['name'] == phase)

    def check_table(self, printed, profile):
        self.assertRegex(printed, r'GFLOP/s in products and copies \d+ GB/s')
        self.assertRegex(printed, r'(?m)^phase +calls +seconds +share +shared +waiting$')
        self.assertRegex(printed, r'(?m)^layer +operation +pass +calls +seconds +share +GFLOP/s +GB/s$')
        for phase in profile['phases']:
            self.assertIn(f"\n{phase['name']} ", printed)
        self.assertRegex(printed, f"(?m)^{re.escape(profile['operations'][0]['layer'] or '-')} ")

    def test_table_file_and_report(self):
        told = self.train('run', '--profile', '--threads', 1, epochs=2)
        profile = self.profile()
        self.check_table(told.stderr, profile)
        self.assertNotIn('GFLOP/s', told.stdout)
        self.assertEqual(profile['threads'], 1)
        self.assertTrue(0 < profile['serial_share'] < 1)
        for threads in (2, 8, 16, 64):  # barriers may make more threads slower than one
            speed_up = profile['simulated_speed_up'][str(threads)]
            self.assertTrue(0 < speed_up <= min(threads, 1 / profile['serial_share']) * 1.001, (threads, speed_up))
        self.assertIn('\nserial: ', told.stderr)
        for phase in ('rows', 'values of the step', 'optimizer', 'data', 'evaluation', 'callbacks'):
            self.assertGreater(self.seconds_of(profile, phase), 0, phase)
        self.assertLessEqual({'forward', 'backward'}, {o['pass'] for o in profile['operations']})
        self.assertLessEqual({'inp_q', 'h_dense', 'h_dense_1', 'out', ''}, {o['layer'] for o in profile['operations']})
        self.assertTrue(any(o['gflops'] > 0 for o in profile['operations']))
        for page in (self.folder / 'run/report.html', self.folder / 'again.html'):
            hgq('report', self.folder / 'run', '--out', self.folder / 'again.html', check=0)
            text = page.read_text()
            self.assertIn('Where the time went', text)
            self.assertIn('Seconds by phase', text)
            self.assertIn('Operations that take longest', text)

    def test_several_threads_have_no_serial_share(self):
        batch_norm = 'model.layers=[HQuantize, HDenseBatchNorm: {units: 16, activation: relu}, HDense: {units: 2}]'
        told = self.train('run', '--profile', '--threads', 2, '--set', batch_norm, epochs=2)
        profile = self.profile()
        self.assertEqual({o['pass'] for o in profile['operations']}, PASSES)  # values before a barrier are computed again
        self.assertEqual(profile['threads'], 2)
        self.assertGreater(profile['machine']['barrier_microseconds'], 0)
        self.assertNotIn('serial_share', profile)
        self.assertNotIn('serial:', told.stderr)

    def test_without_the_option_there_is_none_and_with_it_the_files_are_the_same(self):
        plain, profiled = self.train('plain', epochs=3), self.train('profiled', '--profile', epochs=3)
        self.assertFalse((self.folder / 'plain/profile.json').exists())
        self.assertNotIn('GFLOP/s', plain.stdout + plain.stderr)
        self.assertNotIn('Where the time went', (self.folder / 'plain/report.html').read_text())
        for name in ('model.h5', 'proxy.h5', 'evaluation.json'):
            self.assertEqual(digest(self.folder / 'plain' / name), digest(self.folder / 'profiled' / name), name)
        self.assertEqual(history(self.folder / 'plain'), history(self.folder / 'profiled'))
        self.assertEqual(*(TIMES.sub('', (self.folder / out / 'summary.json').read_text()) for out in ('plain', 'profiled')))
        names = [{p.name for p in (self.folder / out).iterdir()} for out in ('plain', 'profiled')]
        self.assertEqual(names[1] - names[0], {'profile.json'})
        self.assertEqual(names[0] - names[1], set())

    def test_output_for_programs_is_json_alone(self):
        told = self.train('run', '--profile', '--json', epochs=1)
        self.assertTrue(json.loads(told.stdout)['finished'])
        self.check_table(told.stderr, self.profile())

    def test_a_run_that_stops_has_the_profile_of_what_it_did(self):
        for name, option, count in (('epoch', '--stop-after', 1), ('batch', '--stop-after-steps', 2)):
            told = self.train(name, '--profile', option, count, epochs=5)
            profile = self.profile(name)
            self.check_table(told.stderr, profile)
            self.assertIn('continue with --resume', told.stderr)
            self.assertFalse((self.folder / name / 'model.h5').exists())
            if name == 'batch':
                self.assertEqual(self.calls_of(profile, 'optimizer'), 2)
            hgq('report', self.folder / name, check=0)
            self.assertIn('Where the time went', (self.folder / name / 'report.html').read_text())

    def test_a_profile_is_of_one_call(self):
        steps = {}
        for name, options in (('whole', ()), ('first', ('--stop-after', 2))):
            self.train(name, '--profile', *options, epochs=3)
            steps[name] = self.calls_of(self.profile(name), 'optimizer')
        self.assertEqual(steps['first'] * 3, steps['whole'] * 2)
        self.train('first', '--profile', '--resume', epochs=3)
        self.assertEqual(self.calls_of(self.profile('first'), 'optimizer') * 3, steps['whole'])
        # Nothing is left to train.
        told = self.train('first', '--profile', '--resume', epochs=3)
        profile = self.profile('first')
        self.assertEqual(self.calls_of(profile, 'optimizer'), 0)
        self.assertIn('\nphase ', told.stderr)
        # Without the option there is no profile of this call, and that of another one is gone.
        self.train('first', '--resume', epochs=3)
        self.assertFalse((self.folder / 'first/profile.json').exists())
        self.assertNotIn('Where the time went', (self.folder / 'first/report.html').read_text())
        self.assertEqual(digest(self.folder / 'first/model.h5'), digest(self.folder / 'whole/model.h5'))

    def test_an_interrupted_run_has_its_profile(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            out = self.folder / f'run{number}'
            command = [ARGS.program, self.config, '--out', out, '--set', 'train.epochs=100000', '--quiet', '--profile',
                       '--checkpoint-seconds', '0']
            child = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                end = time.monotonic() + 60
                while not (out / 'checkpoint.h5').exists() and time.monotonic() < end:
                    time.sleep(0.02)
                child.send_signal(number)
                _, errors = child.communicate(timeout=60)
            finally:
                child.kill()
            self.assertEqual(child.returncode, 130, errors)
            profile = self.profile(out.name)
            self.check_table(errors, profile)
            self.assertIn('interrupted; continue with', errors)
            self.assertGreater(self.calls_of(profile, 'optimizer'), 0)

    def test_what_cannot_be_profiled_or_written_is_told(self):
        self.assertIn('--profile', hgq('check', self.config, '--profile', check=2).stderr)
        self.assertIn('already', self.train('run', epochs=1).stderr + self.train('run', '--profile', epochs=1, check=2).stderr)
        self.assertFalse((self.folder / 'run/profile.json').exists())  # a refused call changes nothing
        self.train('run', '--profile', '--resume', epochs=2)
        before = digest(self.folder / 'run/profile.json')
        self.train('run', '--profile', epochs=2, check=2)
        self.train('run', '--resume', epochs=1, check=2)  # fewer epochs than are done
        self.assertEqual(digest(self.folder / 'run/profile.json'), before)
        told = hgq('eval', self.folder / 'run/model.h5', '--data', self.data, '--report', self.folder / 'run/profile.json')
        self.assertEqual(told.returncode, 2, told.stderr)
        self.assertEqual(digest(self.folder / 'run/profile.json'), before)

    def test_a_damaged_profile_is_told_in_the_report(self):
        self.train('run', '--profile', epochs=1)
        run = self.folder / 'run'
        (run / 'profile.json').write_text('{"phases": [{"name": "<rows>", "seconds": "<i>many"}]}')
        hgq('report', run, check=0)
        text = (run / 'report.html').read_text()
        self.assertIn('Where the time went is not shown: ', text)
        self.assertIn('phases[0].seconds: found &quot;&lt;i&gt;many&quot;, expected a number', text)
        self.assertNotIn('<i>', text)
        self.assertIn('Where the time went is not shown', hgq('show', run, check=0).stdout)


if __name__ == '__main__':
    main()
