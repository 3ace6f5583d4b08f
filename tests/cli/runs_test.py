#!/usr/bin/env python3
"""Runs from the outside: files, resuming, interruptions, sample weights, what ends a training.

    runs_test.py --program build/bin/hgq-train --source . [--kills 50] [--rounds 10] [-k NAME]
"""
import json
import pathlib
import random
import shutil
import signal
import subprocess
import time

from cli_support import ARGS, CliTestCase, digest, hgq, history, main

SHARED = '''
data: {file: DATA, inputs: {a: x, b: x}, targets: y, validation: 0.1}
model:
  beta: 1.0e-6
  layers:
    - Input: {name: a}
    - Input: {name: b}
    - HQuantize: {name: q, inputs: a}
    - Shared: {layer: q, name: q_b, inputs: b}
    - NestedModel:
        name: block
        inputs: q
        layers:
          - HDense: {units: 8, activation: relu}
          - HDenseBatchNorm: {units: 8, name: last}
    - Shared: {layer: block, inputs: q_b}
    - HAdd: {inputs: [block, block_1]}
    - HDense: {units: 26, name: out}
train: {loss: sparse_categorical_crossentropy, epochs: 2, batch_size: 512}
'''


class RunsTest(CliTestCase):
    def weighted_run(self, name, weights, targets='[y]', layers='HDense: {units: 1}'):
        """Trains one batch on 64 rows of a CSV file with columns x0, x1, y, w (0 or 2), two; its first epoch."""
        rows = [(0.1 * (i % 7) - 0.3, 0.05 * (i % 11), 0.5 * (i % 3) - 0.2, 0 if i % 2 else 2, 2) for i in range(64)]
        data = self.folder / 'rows.csv'
        data.write_text('x0,x1,y,w,two\n' + ''.join(','.join(f'{v:.3f}' for v in row) + '\n' for row in rows))
        config = self.folder / f'{name}.yaml'
        config.write_text(f'seed: 1\ndata: {{file: rows.csv, inputs: [x0, x1], targets: {targets}{weights}}}\n'
                          f'model: {{layers: [HQuantize: {{name: q}}, {layers}]}}\n'
                          'train: {loss: mse, metrics: [mae], weighted_metrics: [mae], optimizer: {SGD: {learning_rate: 0.1}}, batch_size: 64, epochs: 2}\n')
        hgq(config, '--out', self.folder / name, '--quiet', '--set', 'model.beta=0', check=0)
        rows = history(self.folder / name)
        return {key: float(value) for key, value in zip(rows[0], rows[1]) if key != 'epoch'}

    def test_a_run_writes_its_files_and_the_commands_agree(self):
        self.train('run')
        run = self.folder / 'run'
        for name in ('config.yaml', 'history.csv', 'checkpoint.h5', 'model.h5', 'proxy.h5', 'scaling.csv', 'summary.json', 'report.html',
                     'pareto/pareto.csv'):
            self.assertTrue((run / name).exists(), name)
        summary = json.loads((run / 'summary.json').read_text())
        self.assertEqual(summary['verify']['rows_differ_without_overflow'], 0)
        self.assertEqual(summary['verify']['rows'], 3804)
        self.assertGreater(summary['model']['accuracy'], 0.8)
        lines = (run / 'scaling.csv').read_text().splitlines()
        self.assertEqual([line.rsplit(',', 2)[0] for line in lines], ['input,feature'] + [f'input_1,{i}' for i in range(10)])
        test = ('--data', self.data, '--inputs', 'x_test')
        evaluated = json.loads(hgq('eval', run / 'model.h5', *test, '--targets', 'y_test', '--json', check=0).stdout)
        self.assertAlmostEqual(evaluated['accuracy'], summary['model']['accuracy'], 6)
        traced = json.loads(hgq('trace', run / 'model.h5', '--data', self.data, '--json', check=0).stdout)
        self.assertEqual(traced['total'], summary['bops'])
        verified = json.loads(hgq('verify', run / 'proxy.h5', '--against', run / 'model.h5', *test, '--json', check=0).stdout)
        self.assertEqual(verified['rows_differ'], summary['verify']['rows_differ'])
        layers = json.loads(hgq('summary', run / 'model.h5', '--json', check=0).stdout)['layers']
        self.assertEqual(sum(layer['bops'] for layer in layers), summary['bops'])
        hgq('predict', run / 'proxy.h5', *test, '--out', self.folder / 'y.h5', '--with-inputs', check=0)
        hgq('export', run / 'model.h5', '--out', self.folder / 'again.h5', '--overflow', 'sat', check=0)
        hgq('verify', self.folder / 'again.h5', '--against', run / 'model.h5', *test, check=0)
        # The resolved config reruns the same.
        hgq(run / 'config.yaml', '--out', self.folder / 'second', '--quiet', check=0)
        self.assertEqual(digest(run / 'model.h5'), digest(self.folder / 'second/model.h5'))

    def test_ten_epochs_are_five_and_five(self):
        self.train('whole')
        self.train('parts', '--stop-after', 5)
        self.assertFalse((self.folder / 'parts/model.h5').exists())
        self.train('parts', '--resume')
        for name in ('model.h5', 'proxy.h5', 'pareto/pareto.csv'):
            self.assertEqual(digest(self.folder / 'whole' / name), digest(self.folder / 'parts' / name), name)
        self.assertEqual(history(self.folder / 'whole'), history(self.folder / 'parts'))

    def test_the_same_bits_for_any_number_of_threads(self):
        files = set()
        for threads in (1, 2, 3):
            self.train(f'threads{threads}', '--threads', threads, epochs=3)
            files.add(digest(self.folder / f'threads{threads}/model.h5'))
        self.assertEqual(len(files), 1)

    def test_shared_layers_and_nested_models_run_from_start_to_end(self):
        config = self.folder / 'shared.yaml'
        data = (pathlib.Path(ARGS.source) / 'data/samples/letter.h5').resolve()
        config.write_text(SHARED.replace('DATA', str(data)))
        for threads, parts in ((1, ((),)), (2, (('--stop-after', 1), ('--resume',)))):
            for part in parts:
                hgq(config, '--out', self.folder / f'run{threads}', '--threads', threads, '--quiet', *part, check=0)
        for name in ('model.h5', 'proxy.h5'):
            self.assertEqual(digest(self.folder / 'run1' / name), digest(self.folder / 'run2' / name), name)
        rows = json.loads(hgq('summary', self.folder / 'run1/model.h5', '--json', check=0).stdout)['layers']
        self.assertEqual([row['name'] for row in rows],
                         ['q', 'q_b', 'h_dense', 'last', 'h_dense_0', 'last_0', 'h_add', 'out'])
        self.assertEqual(rows[5]['parameters'], 0)
        verified = json.loads(hgq('verify', self.folder / 'run1/proxy.h5', '--against', self.folder / 'run1/model.h5',
                                  '--data', data, '--inputs', 'a=x,b=x', '--json', check=0).stdout)
        self.assertEqual(verified['rows_differ_without_overflow'], 0)

    def test_outputs_of_nested_models_are_evaluated_under_the_names_of_the_file(self):
        (self.folder / 'rows.csv').write_text('a,b,y,z\n' + ''.join(f'{i % 7}.5,{i % 5}.25,{i % 2},{i % 3}.5\n' for i in range(40)))
        for targets, outputs in (('{block/c: y, block/r: z}', 'c, r'), ('{block: y}', 'c')):
            inside = '[HDense: {units: 2, name: c}' + (', HDense: {units: 1, name: r, inputs: i}]' if 'r' in outputs else ']')
            inside = inside.replace('[', '[Input: {name: i}, ', 1)
            losses = '{block/c: sparse_categorical_crossentropy, block/r: mse}' if 'r' in outputs else 'sparse_categorical_crossentropy'
            model = self.trained(f'data: {{file: rows.csv, inputs: [a, b], targets: {targets}}}\n'
                                 f'model: {{layers: [HQuantize, NestedModel: {{name: block, outputs: [{outputs}], layers: {inside}}}]}}\n'
                                 f'train: {{loss: {losses}, epochs: 1}}\n', f'nested_{len(outputs)}')
            loss = json.loads(hgq('eval', model, '--data', self.folder / 'rows.csv', '--json', check=0).stdout)['loss']
            self.assertAlmostEqual(loss, json.loads((model.parent / 'summary.json').read_text())['model']['loss'], 6)

    def test_interrupted_by_ctrl_c_ends_with_130_and_goes_on(self):
        self.train('whole', epochs=60)
        process = subprocess.Popen([ARGS.program, str(self.config), '--out', str(self.folder / 'cut'), '--set', 'train.epochs=60', '--quiet'],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (self.folder / 'cut/config.yaml').exists():
            time.sleep(0.001)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=60)
        if code == 0:
            self.skipTest('the run was over before the signal')
        self.assertEqual(code, 130)
        self.assertTrue((self.folder / 'cut/checkpoint.h5').exists())
        self.train('cut', '--resume', epochs=60)
        self.assertEqual(digest(self.folder / 'whole/model.h5'), digest(self.folder / 'cut/model.h5'))
        self.assertEqual(history(self.folder / 'whole'), history(self.folder / 'cut'))

    def test_killed_at_any_moment_it_resumes(self):
        begin = time.time()
        self.train('whole', '--checkpoint-seconds', 0, epochs=30)
        length = time.time() - begin
        numbers = random.Random(1)
        with_checkpoint = 0
        for kill in range(ARGS.kills):
            out = self.folder / f'killed{kill}'
            process = subprocess.Popen([ARGS.program, str(self.config), '--out', str(out), '--set', 'train.epochs=30', '--quiet',
                                        '--checkpoint-seconds', '0'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(numbers.random() * length)
            process.kill()
            process.wait()
            if (out / 'checkpoint.h5').exists():
                with_checkpoint += 1
                hgq('summary', out / 'checkpoint.h5', check=0)  # whole
            begun = (out / 'config.yaml').exists()  # else there is nothing to go on with
            self.train(out.name, *(('--resume',) if begun else ()), epochs=30)
            self.assertEqual(digest(self.folder / 'whole/model.h5'), digest(out / 'model.h5'), f'kill {kill}')
            self.assertEqual(history(self.folder / 'whole'), history(out))
            self.assertEqual(digest(self.folder / 'whole/pareto/pareto.csv'), digest(out / 'pareto/pareto.csv'))
            self.assertEqual(list(out.rglob('*.part')), [])
            shutil.rmtree(out)
        self.assertGreater(with_checkpoint, ARGS.kills // 3)

    def test_two_programs_in_one_folder_do_not_disturb_each_other(self):
        self.train('whole', epochs=20)
        for round_ in range(ARGS.rounds):
            out = self.folder / f'both{round_}'
            command = [ARGS.program, str(self.config), '--out', str(out), '--set', 'train.epochs=20', '--quiet']
            both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(2)]
            said = [process.communicate(timeout=120)[1] for process in both]
            codes = [process.returncode for process in both]
            self.assertEqual(sorted(codes), [0, 2], said)
            message = said[codes.index(2)]
            winner = both[codes.index(0)].pid
            self.assertTrue(f'in use by another program (process {winner} on ' in message or 'contains a run already' in message, message)
            for name in ('model.h5', 'proxy.h5', 'pareto/pareto.csv'):
                self.assertEqual(digest(self.folder / 'whole' / name), digest(out / name), name)
            self.assertEqual({path.name for path in out.iterdir()}, {path.name for path in (self.folder / 'whole').iterdir()})

    def test_a_run_in_progress_can_be_read_and_not_be_disturbed(self):
        out = self.folder / 'run'
        process = subprocess.Popen([ARGS.program, str(self.config), '--out', str(out), '--set', 'train.epochs=1000000', '--quiet',
                                    '--checkpoint-seconds', '0'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not (out / 'checkpoint.h5').exists():
                time.sleep(0.01)
            hgq('summary', out / 'checkpoint.h5', check=0)
            result = hgq(self.config, '--out', out, '--set', 'train.epochs=1000000', '--resume', check=2)
            self.assertIn(f'in use by another program (process {process.pid} on ', result.stderr)
        finally:
            process.kill()
            process.wait()
        for left in ('history.csv.part', 'pareto/epoch_0007.h5.part'):
            (out / left).write_text('half')
        hgq(self.config, '--out', out, '--set', 'train.epochs=1000000', '--resume', '--stop-after', 1, '--quiet', check=0)
        self.assertEqual([*out.rglob('*.part'), *out.rglob('.lock')], [])

    def test_files_that_wait_for_a_checkpoint_are_those_of_their_epoch(self):
        callbacks = '[FreeBOPs, {ParetoFront: {metrics: [loss, bops], best: [min, min]}}, {Checkpoint: {file: best.h5, save_best_only: true, monitor: loss}}]'
        for name, seconds in (('at_once', 0), ('later', 1000)):
            self.train(name, '--set', f'callbacks={callbacks}', '--checkpoint-seconds', seconds, epochs=30)
        names = [path.relative_to(self.folder / 'later') for path in (self.folder / 'later/pareto').iterdir()]
        self.assertGreater(len(names), 1)  # pareto.csv and a model
        for name in ('best.h5', 'model.h5', *names):
            self.assertEqual(digest(self.folder / 'at_once' / name), digest(self.folder / 'later' / name), name)

    def test_sample_weights_weigh_the_rows(self):
        plain = self.weighted_run('plain', '')
        two = self.weighted_run('two', ', sample_weights: two')
        some = self.weighted_run('some', ', sample_weights: w, validation: 0.25')
        self.assertAlmostEqual(two['mae'], plain['mae'], 5)
        self.assertAlmostEqual(two['weighted_mae'], plain['mae'], 5)
        self.assertNotAlmostEqual(some['weighted_mae'], some['mae'], 3)
        self.assertNotAlmostEqual(some['val_weighted_mae'], some['val_mae'], 3)
        penalty = two['loss'] - 2 * plain['loss']  # twice the task loss; the price of bits stays
        self.assertLess(abs(penalty), 0.02 * plain['loss'])
        self.assertNotEqual(digest(self.folder / 'plain/model.h5'), digest(self.folder / 'two/model.h5'))
        summary = json.loads((self.folder / 'some/summary.json').read_text())
        self.assertAlmostEqual(summary['proxy']['weighted_mae'], summary['model']['weighted_mae'], 5)
        self.assertAlmostEqual(summary['proxy']['mae'], summary['model']['mae'], 5)
        self.assertAlmostEqual(summary['proxy']['task_loss'], summary['model']['loss'], 2)
        hgq(self.folder / 'some/config.yaml', '--out', self.folder / 'again', '--quiet', check=0)
        self.assertEqual(digest(self.folder / 'some/model.h5'), digest(self.folder / 'again/model.h5'))
        refused = hgq(self.folder / 'some.yaml', '--out', self.folder / 'some', '--resume', '--quiet', '--set', 'data.sample_weights=two', check=2)
        self.assertIn('data.sample_weights', refused.stderr)
        # eval: half of the rows with weight 2 are those rows alone.
        data = ('--data', self.folder / 'rows.csv', '--json')
        model = self.folder / 'plain/model.h5'
        whole = json.loads(hgq('eval', model, *data, check=0).stdout)
        doubled = json.loads(hgq('eval', model, *data, '--sample-weights', 'two', check=0).stdout)
        half = json.loads(hgq('eval', model, *data, '--sample-weights', 'w', check=0).stdout)
        self.assertAlmostEqual(doubled['mae'], whole['mae'], 6)
        self.assertGreater(doubled['loss'], 1.9 * whole['loss'])
        self.assertNotAlmostEqual(half['weighted_mae'], whole['mae'], 3)
        self.assertIn("no column 'v'", hgq('eval', model, *data, '--sample-weights', 'v', check=2).stderr)

    def test_sample_weights_of_two_outputs(self):
        two_outputs = ('{a: y, b: y}', 'HDense: {units: 1, name: a}, HDense: {units: 1, name: b, inputs: q}')
        plain = self.weighted_run('plain', '', *two_outputs)
        own = self.weighted_run('own', ', sample_weights: {b: two}', *two_outputs)
        self.assertAlmostEqual(own['a_loss'], plain['a_loss'], 6)
        self.assertAlmostEqual(own['b_loss'], 2 * plain['b_loss'], 6)
        # The traced rows are those that were tested, so model and proxy have the same outputs.
        summary = json.loads((self.folder / 'own/summary.json').read_text())
        self.assertEqual(summary['verify']['rows_differ'], 0)
        for name in ('task_loss', 'a_loss', 'b_loss', 'a_mae', 'b_mae', 'b_weighted_mae'):
            self.assertEqual(summary['proxy'][name], summary['model'][name], name)
        self.assertAlmostEqual(summary['proxy']['task_loss'], summary['proxy']['a_loss'] + summary['proxy']['b_loss'], 12)

    def test_a_folder_with_a_run_is_refused(self):
        self.train('run', epochs=1)
        self.assertIn('contains a run already', self.train('run', check=2, epochs=1).stderr)
        refused = hgq(self.config, '--out', self.folder / 'run', '--resume', '--set', 'train.batch_size=64', '--set', 'train.epochs=1', check=2)
        self.assertIn('train.batch_size', refused.stderr)

    def test_resume_goes_on_with_the_run_that_is_meant_or_says_why_not(self):
        run = self.folder / 'runs/magic'
        hgq(self.config, '--out', run, '--set', 'train.epochs=4', '--stop-after-steps', 30, check=0)
        # A folder that is not there, or holds no run.
        mistyped = hgq(self.config, '--out', self.folder / 'runs/magik', '--set', 'train.epochs=4', '--resume', check=2)
        self.assertIn("does not exist, did you mean 'magic'?; --resume continues", mistyped.stderr)
        self.assertFalse((self.folder / 'runs/magik').exists())
        self.assertIn('contains no run', hgq(self.config, '--out', self.folder, '--resume', check=2).stderr)
        self.assertIn('does not exist', hgq(self.config.resolve(), '--resume', check=2, cwd=self.folder).stderr)
        # A run's own config.yaml names its folder; --quiet may change.
        refused = hgq(run / 'config.yaml', check=2, cwd=self.folder)
        self.assertIn('contains a run already', refused.stderr)
        gone_on = hgq(run / 'config.yaml', '--resume', '--quiet', '--stop-after', 2, check=0, cwd=self.folder)
        self.assertIn('continues at epoch 2 of 4, after its batch 4', gone_on.stderr)
        gone_on = hgq('config.yaml', '--resume', check=0, cwd=run)
        self.assertIn('continues at epoch 3 of 4\n', gone_on.stderr)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ['runs'])
        again = hgq(run / 'config.yaml', '--resume', '--quiet', check=0, cwd=self.folder)
        self.assertIn('all 4 epochs are done', again.stderr)
        kept = (run / 'config.yaml').read_bytes()
        fewer = hgq(self.config, '--out', run, '--set', 'train.epochs=3', '--resume', '--quiet', check=2).stderr
        self.assertIn('train.epochs is 3, but the run in', fewer)
        self.assertEqual((run / 'config.yaml').read_bytes(), kept)
        # Without a checkpoint its model is not replaced; where there is none yet, the run starts anew and says so.
        (run / 'checkpoint.h5').unlink()
        kept = digest(run / 'model.h5')
        again = ('--out', run, '--set', 'train.epochs=4', '--resume', '--quiet')
        for name in ('summary.json', 'model.h5'):
            refused = hgq(self.config, *again, check=2).stderr
            self.assertIn('holds a model of a training that has ended, and no checkpoint.h5', refused)
            self.assertIn(f'hgq-train {run}/config.yaml --out NEW', refused)
            self.assertEqual(digest(run / 'model.h5'), kept)
            (run / name).unlink()
        self.assertIn('starting anew', hgq(self.config, '--out', run, '--set', 'train.epochs=4', '--resume', '--quiet', check=0).stderr)
        # A config of that name that is no run's.
        shutil.copy(run / 'config.yaml', self.folder / 'config.yaml')
        hgq('config.yaml', '--quiet', '--set', 'train.epochs=1', check=0, cwd=self.folder)
        self.assertTrue((self.folder / 'runs/config/model.h5').exists())

    def test_more_epochs_keep_the_length_of_schedules(self):
        beta = ('--set', 'callbacks=[BetaSchedule: {from: 1.0e-6, to: 1.0e-4}]')
        self.train('run', *beta, epochs=2)
        longer = self.train('run', *beta, '--resume', epochs=4)
        self.assertIn('train.epochs is 4; schedules keep the length with which the run began, 2 epochs', longer.stderr)
        rows = history(self.folder / 'run')
        column = rows[0].index('beta')
        self.assertEqual([f'{float(row[column]):.1e}' for row in rows[1:]], ['1.0e-06', '1.0e-04', '1.0e-04', '1.0e-04'])
        # The config of the run reruns it, all four epochs at once.
        hgq(self.folder / 'run/config.yaml', '--out', self.folder / 'again', '--quiet', check=0)
        for name in ('model.h5', 'config.yaml'):
            self.assertEqual(digest(self.folder / 'run' / name), digest(self.folder / 'again' / name), name)

    def test_terminate_on_nan_keeps_the_model_as_it_is(self):
        sets = ('--set', 'callbacks=[TerminateOnNaN, CalibratedBOPs]', '--set', 'train.optimizer={SGD: {learning_rate: 1.0e+30}}')
        ended = self.train('run', *sets, check=3)
        self.assertIn('TerminateOnNaN: epoch 1, batch 2: the loss is', ended.stderr)
        self.assertIn('there is no proxy.h5', ended.stderr)
        run = self.folder / 'run'
        self.assertEqual(sorted(p.name for p in run.iterdir() if p.name != '.lock'),
                         ['config.yaml', 'history.csv', 'model.h5', 'report.html', 'scaling.csv', 'summary.json'])
        self.assertEqual(len(history(run)), 2)
        self.assertIn('not finite', json.loads((run / 'summary.json').read_text())['not_exported'])
        self.assertIn('not finite', hgq('summary', run / 'model.h5', check=2).stderr)

    def test_a_damaged_checkpoint_is_refused(self):
        self.train('run', '--stop-after', 2)
        checkpoint = self.folder / 'run/checkpoint.h5'
        content = checkpoint.read_bytes()
        numbers = random.Random(2)
        refused = 0
        for _ in range(20):
            place = numbers.randrange(len(content))
            checkpoint.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1:])
            result = self.train('run', '--resume', '--stop-after', 3, check=None)
            self.assertIn(result.returncode, (0, 2), result.stderr)
            if result.returncode == 2:
                self.assertIn('checkpoint.h5', result.stderr)
                refused += 1
        self.assertGreater(refused, 3)  # much of a small file's layout is unused room
        checkpoint.write_bytes(content)
        self.train('run', '--resume')

    def test_a_loss_that_is_not_finite_ends_with_3(self):
        result = hgq(self.config, '--out', self.folder / 'run', '--quiet', '--set', 'train.optimizer={SGD: {learning_rate: 1.0e+30}}', check=3)
        self.assertIn('not finite', result.stderr)
        self.assertFalse((self.folder / 'run/model.h5').exists())
        # The weights become wrong in the last batch of an epoch: those who trace after it leave the message to the next batch.
        said = [hgq(self.config, '--out', self.folder / f'traced{n}', '--quiet', '--set', 'train.optimizer={Adam: {learning_rate: 1.0e+10}}', '--set', 'train.batch_size=100000', '--set', f'callbacks={callbacks}', check=3).stderr
                for n, callbacks in enumerate(('[]', '[CalibratedBOPs]', '[CalibratedBOPs, TargetLUTs: 100]'))]
        self.assertIn('epoch 2, batch 1: the loss is not finite', said[0])
        self.assertEqual(said[1], said[0])
        self.assertIn('the loss is not finite', said[2])


if __name__ == '__main__':
    main(kills=8, rounds=3)
