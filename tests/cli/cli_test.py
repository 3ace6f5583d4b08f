#!/usr/bin/env python3
"""hgq-train from the outside: exit codes, messages, files, interruptions. Python's standard library only.

    cli_test.py --program build/bin/hgq-train --source . [--kills 50] [-k NAME]
"""
import argparse
import hashlib
import json
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

ARGS = None


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


class CliTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='hgq_cli_'))
        self.config = pathlib.Path(ARGS.source) / 'apps/configs/demo.yaml'
        self.data = pathlib.Path(ARGS.source) / 'data/samples/magic.h5'

    def tearDown(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def train(self, out, *args, check=0, epochs=10):
        return hgq(self.config, '--out', self.folder / out, '--set', f'train.epochs={epochs}', '--quiet', *args, check=check)

    def test_a_run_writes_its_files_and_the_commands_agree(self):
        self.train('run')
        run = self.folder / 'run'
        for name in ('config.yaml', 'history.csv', 'checkpoint.h5', 'model.h5', 'proxy.h5', 'summary.json', 'pareto/pareto.csv'):
            self.assertTrue((run / name).exists(), name)
        summary = json.loads((run / 'summary.json').read_text())
        self.assertEqual(summary['verify']['rows_differ_without_overflow'], 0)
        self.assertEqual(summary['verify']['rows'], 3804)
        self.assertGreater(summary['model']['accuracy'], 0.8)
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
            self.train(out.name, '--resume', epochs=30)
            self.assertEqual(digest(self.folder / 'whole/model.h5'), digest(out / 'model.h5'), f'kill {kill}')
            self.assertEqual(history(self.folder / 'whole'), history(out))
            self.assertEqual(digest(self.folder / 'whole/pareto/pareto.csv'), digest(out / 'pareto/pareto.csv'))
            self.assertEqual(list(out.rglob('*.part')), [])
            shutil.rmtree(out)
        self.assertGreater(with_checkpoint, ARGS.kills // 3)

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

    def test_a_folder_with_a_run_is_refused(self):
        self.train('run', epochs=1)
        self.assertIn('holds a run already', self.train('run', check=2, epochs=1).stderr)
        refused = hgq(self.config, '--out', self.folder / 'run', '--resume', '--set', 'train.batch_size=64', '--set', 'train.epochs=1', check=2)
        self.assertIn('train.batch_size', refused.stderr)

    def test_check_lists_all_errors_with_places(self):
        bad = self.folder / 'bad.yaml'
        text = self.config.read_text().replace('HQuantize', 'HQantize').replace('epochs: 120', 'epochs: -1').replace('ResetMinMax', 'ResetMinmax')
        bad.write_text(text.replace('../../data', str(pathlib.Path(ARGS.source).resolve() / 'data')))
        out = hgq('check', bad, check=2).stdout
        for words in ("did you mean 'HQuantize'", 'epochs', "did you mean 'ResetMinMax'"):
            self.assertIn(words, out)
        self.assertTrue(all(line.startswith(str(bad)) for line in out.splitlines() if line), out)
        self.assertEqual(hgq('check', self.config).returncode, 0)

    def test_every_config_is_without_errors(self):
        configs = sorted((pathlib.Path(ARGS.source) / 'apps/configs').glob('*.yaml'))
        self.assertGreaterEqual(len(configs), 8)
        for config in configs:
            result = hgq('check', config)
            if 'there is no such file' in result.stdout:  # data that are installed or made apart
                self.assertIn(config.stem, ('fashion_mnist', 'svhn_cnn', 'muon', 'jet_mixer'), result.stdout)
                self.assertEqual(len(result.stdout.splitlines()), 1, result.stdout)
            else:
                self.assertEqual(result.returncode, 0, result.stdout)

    def test_bad_usage_and_files_end_with_2_and_one_message(self):
        for args, words in (((), 'give a config'), (('nothing.yaml',), 'nothing.yaml'), (('frobnicate', 'x'), ''),
                            (('summary', self.data), ''), (('summary', self.config), ''), (('summary', self.folder), ''),
                            (('eval', self.data, '--data', self.data), ''), (('export', self.data, '--out', self.folder / 'p.h5'), '')):
            result = hgq(*args)
            self.assertEqual(result.returncode, 2, (args, result.stderr))
            self.assertIn(words, result.stderr)
            self.assertTrue(result.stderr.strip(), args)

    def test_a_file_that_was_cut_off_is_refused(self):
        self.train('run', epochs=1)
        content = (self.folder / 'run/model.h5').read_bytes()
        path = self.folder / 'cut.h5'
        for share in (0, 0.01, 0.5, 0.99):
            path.write_bytes(content[:int(share * len(content))])
            result = hgq('summary', path, check=2)
            self.assertIn('cut.h5', result.stderr)

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

    def test_the_reference_of_the_config_is_up_to_date(self):
        page = hgq('reference', check=0).stdout
        self.assertEqual(page, (pathlib.Path(ARGS.source) / 'docs/config.md').read_text(), 'write it anew: hgq-train reference > docs/config.md')
        for words in ('HDenseBatchNorm', 'CosineDecayRestarts', 'ParetoFront', '`kq_conf`', 'sparse_categorical_crossentropy'):
            self.assertIn(words, page)

    def test_a_loss_that_is_not_finite_ends_with_3(self):
        result = hgq(self.config, '--out', self.folder / 'run', '--quiet', '--set', 'train.optimizer={SGD: {learning_rate: 1.0e+30}}', check=3)
        self.assertIn('not finite', result.stderr)
        self.assertFalse((self.folder / 'run/model.h5').exists())

    def test_formulas_train_resume_and_predict_and_are_exported_as_tables(self):
        layers = '[HQuantize, HDense: {units: 8}, HActivation: {activation: x*x}, HDense: {units: 4}, HActivation: {activation: sin(3*x)}, HDense: {units: 2}]'
        with_tables = ('--set', f'model.layers={layers}')
        sets = (*with_tables, '--set', 'export.unary_lut_max_table_size=-1')
        checked = hgq('check', self.config, *sets, check=0).stdout
        self.assertIn("warning: no proxy.h5 will be written: layer 'h_activation' (HActivation): the function 'x*x' can only be exported as a table", checked)
        whole = self.train('whole', *sets, check=3, epochs=4)
        self.assertIn('there is no proxy.h5', whole.stderr)
        self.assertIn('Python HGQ can open the file only if', whole.stderr)
        self.train('run', *sets, '--stop-after', '2', check=0, epochs=4)
        self.train('run', *sets, '--resume', check=3, epochs=4)
        run = self.folder / 'run'
        self.assertFalse((run / 'proxy.h5').exists())
        self.assertEqual(digest(run / 'model.h5'), digest(self.folder / 'whole/model.h5'))
        summary = json.loads((run / 'summary.json').read_text())
        self.assertIn('can only be exported as a table', summary['not_exported'])
        test = ('--data', self.data, '--inputs', 'x_test')
        evaluated = json.loads(hgq('eval', run / 'model.h5', *test, '--targets', 'y_test', '--json', check=0).stdout)
        self.assertAlmostEqual(evaluated['accuracy'], summary['model']['accuracy'], 6)
        hgq('predict', run / 'model.h5', *test, '--out', self.folder / 'y.h5', check=0)
        traced = json.loads(hgq('trace', run / 'model.h5', '--data', self.data, '--json', check=0).stdout)
        self.assertEqual(traced['total'], summary['bops'])
        proxy = self.folder / 'p.h5'
        self.assertIn('can only be exported as a table', hgq('export', run / 'model.h5', '--out', proxy, '--unary-lut-max-table-size=-1', check=2).stderr)
        self.assertIn('needs a table of 2^', hgq('export', run / 'model.h5', '--out', proxy, '--unary-lut-max-table-size', 2, check=2).stderr)
        self.assertFalse(proxy.exists())
        hgq('export', run / 'model.h5', '--out', proxy, '--unary-lut-max-table-size', 65536, check=0)
        verified = json.loads(hgq('verify', proxy, '--against', run / 'model.h5', *test, '--json', check=0).stdout)
        self.assertEqual(verified['rows_differ_without_overflow'], 0)
        self.train('tables', *with_tables, '--set', 'export.unary_lut_max_table_size=65536', check=0)
        self.assertTrue((self.folder / 'tables/proxy.h5').exists())
        self.assertIn('not finite', self.train('nan', '--set', f'model.layers={layers.replace("x*x", "log(x)")}', check=3).stderr)

    def test_what_keras_and_hls4ml_do_otherwise_is_said_before_training_at_export_and_by_verify(self):
        layers = '[HQuantize, {HDense: {units: 2, name: d, kernel_constraint: {ElementMask: {band: 3}}}}, {HActivation: {activation: tanh, name: t, paq_conf: {init_bw: 11}}}]'
        sets = ('--set', f'model.layers={layers}', '--set', 'export.unary_lut_max_table_size=-1')
        mask, table = "note: layer 'd': its kernel_constraint ElementMask", "note: layer 't': hls4ml computes tanh from a table of its own"
        checked = hgq('check', self.config, *sets, check=0).stdout
        said = self.train('noted', *sets, check=0).stderr
        run = self.folder / 'noted'
        exported = hgq('export', run / 'model.h5', '--out', self.folder / 'p.h5', '--unary-lut-max-table-size=-1', check=0).stderr
        verified = hgq('verify', self.folder / 'p.h5', '--against', run / 'model.h5', '--data', self.data, '--inputs', 'x_test')
        for text in (checked, said):
            self.assertIn(mask, text)
        for text in (checked, said, exported, verified.stderr):
            self.assertIn(table, text)
        self.assertEqual(verified.returncode, 1)
        self.assertIn("hls4ml's own table of tanh", verified.stdout)
        self.assertNotIn('table of its own', hgq('export', run / 'model.h5', '--out', self.folder / 'q.h5', check=0).stderr)
        hgq('verify', self.folder / 'q.h5', '--against', run / 'model.h5', '--data', self.data, '--inputs', 'x_test', check=0)

    def test_a_model_of_python_hgq_is_traced_exported_and_verified(self):
        golden = pathlib.Path(ARGS.source) / 'tests/golden/models/mlp_relu'
        model, data = golden / 'hgq.h5', ('--data', golden / 'data.h5')
        self.assertIn('run trace first', hgq('export', model, '--out', self.folder / 'proxy.h5', check=2).stderr)
        self.assertFalse((self.folder / 'proxy.h5').exists())
        traced = self.folder / 'traced.h5'
        total = json.loads(hgq('trace', model, *data, '--inputs', 'x/calib', '--out', traced, '--json', check=0).stdout)['total']
        self.assertEqual(total, json.loads((golden / 'case.json').read_text())['bops']['trace']['total'])
        hgq('export', traced, '--out', self.folder / 'proxy.h5', check=0)
        verified = json.loads(hgq('verify', self.folder / 'proxy.h5', '--against', traced, *data, '--inputs', 'x/overflow', '--json', check=0).stdout)
        self.assertEqual(verified['rows_differ_without_overflow'], 0)
        self.assertGreater(verified['rows_with_overflow'], 0)
        hgq('verify', self.folder / 'proxy.h5', '--against', traced, *data, '--inputs', 'x/overflow', '--strict', check=1)
        self.assertIn('give --loss', hgq('eval', traced, *data, '--inputs', 'x/calib', '--targets', 'x/calib', check=2).stderr)

    def test_a_model_of_qkeras_becomes_a_proxy_that_predicts_the_same(self):
        model = pathlib.Path(ARGS.source) / 'tests/layers/files/qkeras_model.h5'
        proxy = self.folder / 'proxy.h5'
        imported = hgq('import', model, '--out', proxy, check=0)
        self.assertIn('conv_bn_relu_quantizer', imported.stdout)
        self.assertIn('part of conv', imported.stdout)
        hgq('predict', proxy, '--data', model, '--inputs', 'data/x', '--out', self.folder / 'y.h5', check=0)
        first_rows = struct.pack('<10f', *[-2.75, -4.125, 5.125, 1.375, 6.25, 3.0, -3.0, 3.75, 5.25, 5.375])  # what QKeras predicts
        self.assertIn(first_rows, (self.folder / 'y.h5').read_bytes())
        wrapping = self.folder / 'wrapping.h5'
        hgq('import', model, '--out', wrapping, '--overflow', 'wrap', check=0)
        self.assertNotEqual(digest(proxy), digest(wrapping))
        for args in (('summary', model), ('export', model, '--out', self.folder / 'p.h5'), ('predict', model, '--data', model, '--out', self.folder / 'p.h5'),
                     ('verify', proxy, '--against', model, '--data', model)):
            self.assertIn('is a model of QKeras', hgq(*args, check=2).stderr, args)
        self.assertIn("'import' of one of QKeras", hgq('verify', model, '--against', model, '--data', model, check=2).stderr)
        self.assertIn('is a proxy already', hgq('import', proxy, '--out', self.folder / 'p.h5', check=2).stderr)
        self.assertFalse((self.folder / 'p.h5').exists())
        self.assertIn('are for those of Python HGQ', hgq('import', model, '--out', self.folder / 'p.h5', '--epsilon', 0.1, check=2).stderr)
        python = pathlib.Path(ARGS.source) / 'tests/golden/models/mlp_relu/hgq.h5'
        self.assertIn('is for those models', hgq('import', python, '--out', self.folder / 'p.h5', '--overflow', 'sat', check=2).stderr)
        self.assertIn('--overflow', hgq('import', model, '--out', proxy, '--overflow', 'round', check=2).stderr)

    def test_a_qkeras_model_that_can_not_be_a_proxy_is_refused_with_all_reasons(self):
        content = (pathlib.Path(ARGS.source) / 'tests/layers/files/qkeras_model.h5').read_bytes()
        for good, bad in ((b'quantized_bits(7,2,0,alpha=1)', b'quantized_bits(7,2,0,alpha=2)'), (b'"quantized_relu(5,1)"', b'"quantized_rely(5,1)"')):
            self.assertEqual(content.count(good), 1)
            content = content.replace(good, bad)
        path = self.folder / 'bad.h5'
        path.write_bytes(content)
        stderr = hgq('import', path, '--out', self.folder / 'p.h5', check=2).stderr
        self.assertIn("layer 'q' (QActivation): activation quantized_bits(7,2,0,alpha=2): alpha is 2", stderr)
        self.assertIn("layer 'act' (QActivation): activation quantized_rely(5,1)", stderr)
        self.assertFalse((self.folder / 'p.h5').exists())


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    parser.add_argument('--program', required=True)
    parser.add_argument('--source', required=True)
    parser.add_argument('--kills', type=int, default=8)
    parser.add_argument('-k', default=None)
    ARGS, rest = parser.parse_known_args()
    ARGS.program = str(pathlib.Path(ARGS.program).resolve())
    names = ['-k', ARGS.k] if ARGS.k else []
    unittest.main(argv=[sys.argv[0], '-v', *names, *rest])


if __name__ == '__main__':
    main()
