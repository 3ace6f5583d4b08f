#!/usr/bin/env python3
"""hgq-train sweep in batch systems: a real Slurm ends in the table of this machine, also where its tasks are put into the queue again;
HTCondor's own parser reads the submit description.

    batch_test.py --program build/bin/hgq-train --source . [-k NAME]

What is not installed is skipped: Slurm (scripts/setup.sh --slurm), HTCondor's parser (pip install htcondor; HGQ_CONDOR_PYTHON names a Python
that has it).
"""
import json
import os
import pathlib
import subprocess
import sys
import time

import slurm_support
from cli_support import ARGS, CliTestCase, hgq, history, main
from sweep_test import BASE, GRID, rows

IMPORT = '''
try:
    import htcondor2 as htcondor
except ImportError:
    import htcondor
'''
PARSE = IMPORT + '''
import json, sys
submit = htcondor.Submit(open(sys.argv[1]).read())
items = [dict(item) if hasattr(item, "items") else item for item in submit.itemdata()]
print(json.dumps({"keys": {key: submit[key] for key in submit.keys()}, "items": items, "queue": submit.getQArgs()}))
'''


class BatchTest(CliTestCase):
    def setUp(self):
        super().setUp()
        lines = ['a,b,label'] + [f'{i * 7 % 13},{i * 5 % 11},{int(i * 7 % 13 > i * 5 % 11)}' for i in range(192)]
        (self.folder / 'rows.csv').write_text('\n'.join(lines) + '\n')
        (self.folder / 'base.yaml').write_text(BASE)

    def file(self, text):
        path = self.folder / 'grid.yaml'
        path.write_text(text)
        return path

    def sweep(self, text, out, *args, check=0, **options):
        return hgq('sweep', self.file(text), '--out', self.folder / out, *args, check=check, **options)

    def test_dry_run_shows_the_job(self):
        text = GRID + 'slurm: {partition: short, exclusive: true}\nhtcondor: {request_memory: 2GB}\n'
        shown = self.sweep(text, 'dry', '--engine', 'slurm', '--jobs', 2, '--threads', 3, '--dry-run').stdout
        for line in ('#SBATCH --array=1-4%2\n', '#SBATCH --cpus-per-task=3\n', '#SBATCH --partition=short\n', '#SBATCH --exclusive\n', 'run_004'):
            self.assertIn(line, shown)
        shown = self.sweep(text, 'dry', '--engine', 'htcondor', '--dry-run').stdout
        for line in ('request_cpus = 1\n', 'request_memory = 2GB\n', 'queue run from (\nrun_001\nrun_002\nrun_003\nrun_004\n)\n'):
            self.assertIn(line, shown)
        self.assertFalse((self.folder / 'dry').exists())
        without = {**os.environ, 'PATH': '/nowhere'}
        for engine, program in (('slurm', 'sbatch'), ('htcondor', 'condor_submit')):  # before anything is written
            self.assertIn(f"'{program}' is not installed here", self.sweep(text, 'none', '--engine', engine, check=2, env=without).stderr)
            self.assertFalse((self.folder / 'none').exists())
            self.sweep(text, 'none', '--engine', engine, '--dry-run', env=without)

    def with_fake_sbatch(self):
        """An environment with an sbatch that does nothing."""
        (self.folder / 'bin').mkdir()
        fake = self.folder / 'bin/sbatch'
        fake.write_text('#!/bin/sh\necho 17\n')
        fake.chmod(0o755)
        return {**os.environ, 'PATH': f'{self.folder}/bin:' + os.environ['PATH']}

    def test_halving_sends_a_job_for_each_rung(self):
        text = GRID + 'halving: {rungs: [1, 2], keep: 0.5}\n'
        env = self.with_fake_sbatch()
        self.sweep(text, 'here', '--quiet')
        sent, words = [], ()
        for until in (1, 2, 0):
            told = self.sweep(text, 'sent', '--engine', 'slurm', *words, env=env).stderr
            self.assertIn(f'runs to epoch {until}; when they are there' if until else 'when the runs are done', told)
            self.assertEqual('--stop-after' in (self.folder / 'sent/run_task.sh').read_text(), until > 0)
            array = (self.folder / 'sent/slurm.sh').read_text().split('--array=')[1].split('\n')[0]
            tasks = [n for part in array.split(',') for n in range(int(part.split('-')[0]), int(part.split('-')[-1]) + 1)]
            for task in tasks:
                subprocess.run([self.folder / 'sent/run_task.sh', f'run_{task:03}'], check=True)
            sent.append(len(tasks))
            words = ('--resume',)
        self.assertEqual(sent, [4, 2, 1])
        self.assertIn('no run is left to do', self.sweep(text, 'sent', '--engine', 'slurm', '--resume', env=env).stderr)
        self.assertEqual((self.folder / 'sent/runs.csv').read_text(), (self.folder / 'here/runs.csv').read_text())

    def test_the_task_script_makes_one_run(self):
        env = self.with_fake_sbatch()
        told = self.sweep(GRID, 'grid', '--engine', 'slurm', env=env)
        self.assertIn('sbatch: 17; when the runs are done', told.stderr)
        script = self.folder / 'grid/run_task.sh'
        subprocess.run([script, 'run_002'], check=True)
        table = hgq('sweep', self.file(GRID), '--out', self.folder / 'grid', '--gather', check=0).stdout
        self.assertIn('run_002  done', table)
        self.assertIn('run_001  waiting', table)
        subprocess.run([script, 'run_002'], check=True, timeout=5)  # it is done already
        # A signal, as at the end of the time: a checkpoint, and the run is not done.
        text = GRID + 'set: {train.epochs: 100000}\n'
        self.sweep(text, 'long', '--engine', 'slurm', env=env)
        task = subprocess.Popen([self.folder / 'long/run_task.sh', 'run_001'])
        while not (self.folder / 'long/runs/run_001/history.csv').exists():
            time.sleep(0.05)
        second = subprocess.run([self.folder / 'long/run_task.sh', 'run_001'], timeout=60)
        self.assertEqual(second.returncode, 0, 'the first has the run')
        task.terminate()
        self.assertEqual(task.wait(timeout=60), 130)
        self.assertEqual([row['state'] for row in self.gathered(text, 'long')], ['stopped', 'waiting', 'waiting', 'waiting'])

    def gathered(self, text, out):
        self.sweep(text, out, '--gather')
        return rows(self.folder / out)

    def test_slurm_ends_in_the_same_table(self):
        reason = slurm_support.why_not()
        if reason:
            self.skipTest(reason)
        text = GRID + 'set: {train.epochs: 300}\nslurm: {partition: short, time: 10}\n'
        self.sweep(text, 'whole', '--quiet')
        with slurm_support.Slurm(self.folder / 'slurm') as slurm:
            told = self.sweep(text, 'array', '--engine', 'slurm', env=slurm.env)
            job = told.stderr.split('sbatch: ')[1].split(';')[0]
            self.assertIn(f'job {job} of this sweep is still in the queue', self.sweep(text, 'array', '--engine', 'slurm', '--resume', env=slurm.env, check=2).stderr)
            slurm.wait_for(lambda: (self.folder / 'array/runs/run_001/history.csv').exists(), 'the first run')
            slurm.run('scontrol', 'requeue', f'{job}_1')  # as after the failure of a node
            slurm.wait_for(lambda: not slurm.jobs(), 'the job', 240)
            table = self.gathered(text, 'array')
            self.assertEqual([row['state'] for row in table], ['done'] * 4, slurm.run('scontrol', 'show', 'job', job).stdout)
            self.assertEqual((self.folder / 'array/runs.csv').read_text(), (self.folder / 'whole/runs.csv').read_text())
            for row in table:
                self.assertEqual(history(self.folder / 'array/runs' / row['run']), history(self.folder / 'whole/runs' / row['run']))
            self.assertIn('no run is left to do', self.sweep(text, 'array', '--engine', 'slurm', '--resume', env=slurm.env).stderr)

    def test_htcondor_reads_its_description(self):
        python = os.environ.get('HGQ_CONDOR_PYTHON', sys.executable)
        if subprocess.run([python, '-c', IMPORT], capture_output=True).returncode != 0:
            self.skipTest('HTCondor is not installed (pip install htcondor; HGQ_CONDOR_PYTHON names a Python that has it)')
        shown = self.sweep(GRID + 'htcondor: {request_memory: 2GB}\n', 'dry', '--engine', 'htcondor', '--threads', 2, '--dry-run').stdout
        description = self.folder / 'htcondor.sub'
        description.write_text(shown.split('htcondor.sub:\n')[1])
        parsed = subprocess.run([python, '-c', PARSE, str(description)], capture_output=True, text=True, env={**os.environ, 'CONDOR_CONFIG': '/dev/null'})
        self.assertEqual(parsed.returncode, 0, parsed.stderr)
        read = json.loads(parsed.stdout)
        self.assertEqual(read['keys']['executable'], str(self.folder / 'dry/run_task.sh'))
        self.assertEqual(read['keys']['arguments'], '$(run)')
        self.assertEqual((read['keys']['request_cpus'], read['keys']['request_memory']), ('2', '2GB'))
        self.assertEqual([item['run'] if isinstance(item, dict) else item for item in read['items']], ['run_001', 'run_002', 'run_003', 'run_004'])


if __name__ == '__main__':
    main()
