#!/usr/bin/env python3
"""Metrics, reports, predictions in every format, weights of classes, smoothed labels, scaled targets, teachers.

    metrics_test.py --program build/bin/hgq-train --source . [-k NAME]
"""
import csv
import json
import math
import shutil
import struct

from cli_support import CliTestCase, digest, hgq, history, main

ROWS = 96
NAMES = ('gamma', 'hadron', 'muon')


def row(i):
    x = [math.sin(1.3 * i), math.cos(0.7 * i), math.sin(0.31 * i * i)]
    label = 0 if x[0] > 0.3 else (1 if x[1] > 0 else 2)
    return x + [label, NAMES[label], 1 if x[0] * x[1] > 0 else 0, 500 + 40 * x[0] + 20 * x[1] * x[2], (0.5, 2, 3)[label]]


class MetricsTest(CliTestCase):
    def setUp(self):
        super().setUp()
        rows = [row(i) for i in range(ROWS)]
        means = sum(r[6] for r in rows) / ROWS
        deviation = math.sqrt(sum((r[6] - means)**2 for r in rows) / ROWS)
        with open(self.folder / 'rows.csv', 'w', newline='') as file:
            out = csv.writer(file)
            out.writerow(['x0', 'x1', 'x2', 'number', 'name', 'binary', 'energy', 'w', 'scaled'])
            for r in rows:
                out.writerow([*map(repr, r[:3]), r[3], r[4], r[5], repr(r[6]), r[7], repr((r[6] - means) / deviation)])

    def run_of(self, name, targets, train, units=3, data='', layers='', model='', check=0, more=()):
        """A short training without a price on bits: its folder, its history as columns, what it printed."""
        path = self.folder / f'{name}.yaml'
        path.write_text(f'seed: 3\ndata: {{file: rows.csv, inputs: [x0, x1, x2], targets: {targets}{data}}}\n'
                        f'model: {{{model}layers: [HQuantize: {{name: q}}, HDense: {{units: 8, activation: relu}}, '
                        f'HDense: {{units: {units}, name: out}}{layers}]}}\n'
                        f'train: {{optimizer: {{SGD: {{learning_rate: 0.05}}}}, batch_size: 20, epochs: 3, {train}}}\n')
        result = hgq(path, '--out', self.folder / name, '--quiet', *more, check=check)
        if check != 0:
            return result
        lines = history(self.folder / name)
        return self.folder / name, {key: [float(v) for v in values] for key, *values in zip(*lines)}

    def command(self, *args, check=0):
        return json.loads(hgq(*args, '--json', check=check).stdout)

    def predictions(self, model, *args):
        """Those of a CSV file, by column; the NPY and HDF5 files have the same."""
        out = self.folder / 'y.csv'
        hgq('predict', model, '--data', self.folder / 'rows.csv', '--out', out, *args, check=0)
        with open(out, newline='') as file:
            header, *rows = csv.reader(file)
        return header, [[float(v) for v in r] for r in rows]

    def test_eval_of_model_and_proxy_and_its_report(self):
        for targets, loss, units in (('name', 'sparse_categorical_crossentropy', 3), ('number', 'categorical_crossentropy', 3),
                                     ('binary', 'binary_crossentropy', 1)):
            several = units > 1
            metrics = '[accuracy, AUC, {Recall: {class_id: 1, top_k: 1, name: found}}, F1Score]' if several else '[accuracy, AUC, Precision, Recall]'
            name = f'{targets}-{loss}'
            run, columns = self.run_of(name, targets, f'loss: {loss}, metrics: {metrics}', units)
            self.assertTrue({'accuracy', 'auc', 'found', 'f1_score_0', 'f1_score_2'} <= set(columns) if several else
                            {'precision', 'recall'} <= set(columns), columns)
            summary = json.loads((run / 'summary.json').read_text())
            for kind in ('model', 'proxy'):
                out = self.folder / f'{name}-{kind}.json'
                found = self.command('eval', run / f'{kind}.h5', '--data', self.folder / 'rows.csv', '--report', out)
                for key, value in found.items():
                    self.assertAlmostEqual(value, summary[kind][key], 6, (name, kind, key))
                report = json.loads(out.read_text())
                self.assertEqual(report['metrics'], found)
                (output,) = report['outputs'].values()
                confusion, classes = output['confusion'], output['classes']
                right = sum(confusion[i][i] for i in range(len(confusion)))
                self.assertAlmostEqual(right / ROWS, found['accuracy'], 6)
                self.assertEqual([c['name'] for c in classes], list(NAMES) if targets == 'name' else [str(i) for i in range(max(2, units))])
                aucs = [c['auc'] for c in classes]
                self.assertAlmostEqual(sum(aucs) / len(aucs), found['auc'], 6)
                for i, one in enumerate(classes):
                    self.assertEqual(one['support'], sum(confusion[i]))
                    self.assertEqual(one['predicted'], sum(r[i] for r in confusion))
                    points = one['roc']
                    area = sum((b['false_positive_rate'] - a['false_positive_rate']) * (a['true_positive_rate'] + b['true_positive_rate']) / 2
                               for a, b in zip(points, points[1:]))
                    self.assertAlmostEqual(area, one['auc'], 9)
                if several:
                    self.assertAlmostEqual(classes[1]['recall'], found['found'], 9)
                    self.assertAlmostEqual(classes[2]['f1'], found['f1_score_2'], delta=0.05)  # of equal outputs it counts all
                else:
                    self.assertAlmostEqual(classes[1]['precision'], found['precision'], 9)
            table = hgq('eval', run / 'model.h5', '--data', self.folder / 'rows.csv', '--report', out, check=0).stdout
            self.assertIn('precision', table)
            self.assertIn('support', table)

    def test_predictions_are_the_same_in_every_format(self):
        run, _ = self.run_of('run', 'name', 'loss: sparse_categorical_crossentropy')
        for file in ('model.h5', 'proxy.h5'):
            header, rows = self.predictions(run / file)
            self.assertEqual(len(header), 3)
            self.assertTrue(all(h.endswith('_' + n) for h, n in zip(header, NAMES)), header)
            hgq('predict', run / file, '--data', self.folder / 'rows.csv', '--out', self.folder / 'y.npy', check=0)
            content = (self.folder / 'y.npy').read_bytes()
            self.assertEqual(content[:8], b'\x93NUMPY\1\0')
            floats = struct.unpack(f'<{ROWS * 3}f', content[-ROWS * 12:])
            self.assertEqual(list(floats), [v for r in rows for v in r])  # every digit
            hgq('predict', run / file, '--data', self.folder / 'rows.csv', '--out', self.folder / 'y.h5', check=0)
            self.assertEqual((self.folder / 'y.h5').read_bytes()[:4], b'\x89HDF')
        header, _ = self.predictions(run / 'model.h5', '--with-inputs')
        self.assertEqual(len(header), 6)
        refused = hgq('predict', run / 'model.h5', '--data', self.folder / 'rows.csv', '--out', self.folder / 'z.npy', '--with-inputs', check=2)
        self.assertIn('an NPY file holds one array', refused.stderr)
        self.assertFalse((self.folder / 'z.npy').exists())

    def test_weights_of_classes_are_sample_weights_of_the_training_rows(self):
        loss = 'metrics: [accuracy], weighted_metrics: [accuracy], loss: '
        for targets, kind, units in (('name', 'sparse_categorical_crossentropy', 3), ('number', 'categorical_crossentropy', 3),
                                     ('number', '{sparse_categorical_crossentropy: {label_smoothing: 0.1}}', 3)):
            by_name = '{gamma: 0.5, hadron: 2, muon: 3}' if targets == 'name' else '{0: 0.5, 1: 2, 2: 3}'
            a, one = self.run_of('a', targets, f'{loss}{kind}, class_weight: {by_name}', units)
            b, two = self.run_of('b', targets, f'{loss}{kind}', units, data=', sample_weights: w')
            self.assertEqual(one, two, targets)
            self.assertEqual(self.command('eval', a / 'model.h5', '--data', self.folder / 'rows.csv'),
                             self.command('eval', b / 'model.h5', '--data', self.folder / 'rows.csv'))
            for path in (self.folder / 'a', self.folder / 'b'):
                hgq('show', path, check=0)
                shutil.rmtree(path)
        # Balanced; the validation rows are not weighted.
        _, plain = self.run_of('c', 'name', loss + 'sparse_categorical_crossentropy', data=', validation: 0.25', more=('--set', 'train.optimizer={SGD: {learning_rate: 0}}'))
        _, balanced = self.run_of('d', 'name', loss + 'sparse_categorical_crossentropy, class_weight: balanced', data=', validation: 0.25',
                                  more=('--set', 'train.optimizer={SGD: {learning_rate: 0}}'))
        self.assertEqual(plain['val_loss'], balanced['val_loss'])
        self.assertEqual(plain['accuracy'], balanced['accuracy'])
        self.assertNotEqual(plain['loss'], balanced['loss'])
        wrong = self.run_of('e', 'name', 'loss: sparse_categorical_crossentropy, class_weight: {proton: 2}', check=2).stderr
        self.assertIn("e.yaml:4", wrong)
        self.assertIn("no class 'proton'", wrong)
        self.assertIn('are no classes', self.run_of('f', 'energy', 'loss: mse, class_weight: balanced', 1, check=2).stderr)

    def test_scaled_targets(self):
        metrics = 'metrics: [mae, RootMeanSquaredError], loss: mse'
        a, scaled = self.run_of('a', 'energy', metrics, 1, data=', scale_targets: standard')
        b, by_hand = self.run_of('b', 'scaled', metrics, 1)
        energies = [row(i)[6] for i in range(ROWS)]
        mean = sum(energies) / ROWS
        deviation = math.sqrt(sum((e - mean)**2 for e in energies) / ROWS)
        for epoch in range(3):
            self.assertAlmostEqual(scaled['loss'][epoch], by_hand['loss'][epoch], 5)
            for metric in ('mae', 'root_mean_squared_error'):
                self.assertAlmostEqual(scaled[metric][epoch] / (by_hand[metric][epoch] * deviation), 1, 4)
        lines = (a / 'output_scaling.csv').read_text().splitlines()
        self.assertEqual(lines[0], 'output,feature,offset,divisor')
        self.assertAlmostEqual(float(lines[1].split(',')[2]), mean, 6)
        self.assertAlmostEqual(float(lines[1].split(',')[3]), deviation, 6)
        self.assertFalse((b / 'output_scaling.csv').exists())
        summary = json.loads((a / 'summary.json').read_text())
        for kind in ('model', 'proxy'):
            out = self.folder / 'report.json'
            found = self.command('eval', a / f'{kind}.h5', '--data', self.folder / 'rows.csv', '--report', out)
            self.assertAlmostEqual(found['mae'], summary[kind]['mae'], 5)
            _, predicted = self.predictions(a / f'{kind}.h5')
            errors = [p[0] - e for p, e in zip(predicted, energies)]
            self.assertAlmostEqual(sum(map(abs, errors)) / ROWS, found['mae'], 2)
            (residuals,) = json.loads(out.read_text())['outputs']['out' if kind == 'model' else list(json.loads(out.read_text())['outputs'])[0]]['residuals']
            self.assertAlmostEqual(residuals['mean'], sum(errors) / ROWS, 2)
            self.assertAlmostEqual(math.sqrt(residuals['mean']**2 + residuals['deviation']**2), found['root_mean_squared_error'], 2)
            self.assertEqual(sum(residuals['histogram']['counts']), ROWS)
            _, raw = self.predictions(a / f'{kind}.h5', '--scaled-outputs')
            self.assertLess(abs(raw[0][0]), 10)
            self.assertAlmostEqual(raw[0][0] * deviation + mean, predicted[0][0], 2)
        self.assertIn('classes are not scaled', self.run_of('c', 'name', 'loss: sparse_categorical_crossentropy', data=', scale_targets: minmax', check=2).stderr)

    def test_distillation(self):
        teacher, _ = self.run_of('teacher', 'name', 'loss: sparse_categorical_crossentropy', model='beta: 0, ', more=('--set', 'train.epochs=8'))
        for file in ('model.h5', 'proxy.h5'):
            for weight in (0.3, 1):
                student = f'student-{file[:5]}-{weight}'
                config = f'loss: sparse_categorical_crossentropy, distillation: {{teacher: teacher/{file}, temperature: 3, weight: {weight}}}'
                folder, columns = self.run_of(student, 'name', config, model='beta: 0, ', data=', validation: 0.25')
                for loss, task, distilled in zip(columns['loss'], columns['task_loss'], columns['distillation_loss']):
                    self.assertAlmostEqual(loss, (1 - weight) * task + weight * distilled, 3)  # and bit regularizers
                    self.assertGreater(distilled, 0)
                self.assertNotIn('val_distillation_loss', columns)
                self.assertLess(columns['distillation_loss'][-1], columns['distillation_loss'][0])
        # Stopped within an epoch and continued, the bits are the same.
        path = self.folder / f'{student}.yaml'
        part = self.folder / 'part'
        hgq(path, '--out', part, '--quiet', '--stop-after-steps', 6, check=0)
        hgq(path, '--out', part, '--quiet', '--resume', check=0)
        self.assertEqual(digest(part / 'model.h5'), digest(folder / 'model.h5'))
        self.assertEqual(history(part), history(folder))
        missing = self.run_of('none', 'name', 'loss: sparse_categorical_crossentropy, distillation: {teacher: nowhere.h5}', check=2).stderr
        self.assertIn('train.distillation.teacher', missing)
        other = self.run_of('other', 'binary', 'loss: binary_crossentropy, distillation: {teacher: teacher/model.h5}', 1, check=2).stderr
        self.assertIn('has shape', other)

    def test_a_teacher_of_several_outputs_with_weights_of_each(self):
        keys = {'layers': ', HDense: {units: 1, name: energy, inputs: q}', 'model': 'beta: 0, '}
        loss = 'loss: {out: sparse_categorical_crossentropy, energy: mse}'
        self.run_of('teacher', '{out: name, energy: energy}', loss, **keys, data=', scale_targets: {energy: standard}')
        teacher = ', distillation: {teacher: teacher/model.h5, weight: 0.5}'
        for name, data, train in (('classes', '', ', class_weight: {out: balanced}'), ('rows', ', sample_weights: {out: w}', '')):
            _, columns = self.run_of(name, '{out: name, energy: energy}', loss + teacher + train, **keys, data=', scale_targets: {energy: standard}' + data)
            _, bare = self.run_of(name + '-alone', '{out: name, energy: energy}', loss + train, **keys, data=', scale_targets: {energy: standard}' + data)
            for whole, task, distilled in zip(columns['loss'], columns['task_loss'], columns['distillation_loss']):
                self.assertAlmostEqual(whole, (task + distilled) / 2, 3)
            self.assertAlmostEqual(columns['task_loss'][0] / bare['loss'][0], 1, 0)

    def test_a_teacher_of_numbers_with_targets_of_another_unit(self):
        self.run_of('teacher', 'energy', 'loss: mse', 1, data=', scale_targets: minmax', more=('--set', 'train.epochs=8'))
        config = 'loss: mse, metrics: [mae], distillation: {teacher: teacher/model.h5, weight: 0.5}'
        _, columns = self.run_of('student', 'energy', config, 1, model='beta: 0, ', data=', scale_targets: standard')
        for loss, task, distilled in zip(columns['loss'], columns['task_loss'], columns['distillation_loss']):
            self.assertAlmostEqual(loss, (task + distilled) / 2, 3)
            self.assertLess(distilled, 10)  # of scaled numbers; in the unit of the file it would be 500^2

    def test_metrics_of_each_output(self):
        layers = ', HDense: {units: 1, name: energy, inputs: q}'
        metrics = 'metrics: {out: [accuracy, {F1Score: {average: macro}}], energy: RootMeanSquaredError}, loss: {out: sparse_categorical_crossentropy, energy: mse}'
        targets = '{out: name, energy: energy}'
        run, columns = self.run_of('run', targets, metrics, layers=layers, data=', scale_targets: {energy: standard}')
        for name in ('out_accuracy', 'out_f1_score', 'energy_root_mean_squared_error', 'out_loss', 'energy_loss'):
            self.assertIn(name, columns)
        self.assertNotIn('energy_accuracy', columns)
        found = self.command('eval', run / 'model.h5', '--data', self.folder / 'rows.csv')
        self.assertIn('energy_root_mean_squared_error', found)
        of_proxy = self.command('eval', run / 'proxy.h5', '--data', self.folder / 'rows.csv')
        for key, value in json.loads((run / 'summary.json').read_text())['proxy'].items():
            self.assertAlmostEqual(of_proxy[key] / value, 1, 5, key)
        header, _ = self.predictions(run / 'model.h5')
        self.assertEqual(header, ['out_gamma', 'out_hadron', 'out_muon', 'energy'])
        hgq(self.folder / 'run.yaml', '--out', run, '--resume', '--quiet', '--set', 'train.epochs=4', check=0)
        again = hgq(run / 'config.yaml', '--out', self.folder / 'again', '--quiet', check=0)
        self.assertEqual(again.returncode, 0)
        unfit = self.run_of('b', targets, 'metrics: [accuracy], loss: {out: sparse_categorical_crossentropy, energy: mse}', layers=layers, check=2).stderr
        self.assertIn('gives each its own', unfit)
        twice = self.run_of('c', 'name', 'metrics: [Recall, {Recall: {class_id: 1}}], loss: sparse_categorical_crossentropy', check=2).stderr
        self.assertIn("are called 'recall'", twice)
        unknown = self.run_of('d', targets, 'metrics: {oud: [accuracy], energy: [mae]}, loss: {out: sparse_categorical_crossentropy, energy: mse}', layers=layers, check=2).stderr
        self.assertIn("'oud' is no output, did you mean 'out'", unknown)

    def test_json_of_every_command(self):
        path = self.folder / 'run.yaml'
        self.run_of('run', 'name', 'loss: sparse_categorical_crossentropy')
        run = self.folder / 'run'
        checked = self.command('check', path)
        self.assertEqual(checked['errors'], [])
        wrong = self.command('check', path, '--set', 'train.epoch=3', check=2)
        self.assertEqual(len(wrong['errors']), 1)
        trained = self.command(path, '--out', self.folder / 'json', '--quiet')
        self.assertEqual(trained['finished'], True)
        self.assertEqual(trained['folder'], str(self.folder / 'json'))
        self.assertIn('bops', trained)
        self.assertEqual(self.command(path, '--out', self.folder / 'part', '--quiet', '--stop-after', 1)['finished'], False)
        front = '[FreeBOPs, {ParetoFront: {metrics: [loss, bops], best: [min, min]}}]'
        self.assertTrue(self.command(path, '--out', self.folder / 'front', '--quiet', '--set', f'callbacks={front}')['finished'])
        exported = self.command('export', run / 'model.h5', '--out', self.folder / 'p.h5')
        self.assertGreater(exported['layers'], 2)
        self.assertEqual(self.command('import', run / 'model.h5', '--out', self.folder / 'i.h5')['file'], str(self.folder / 'i.h5'))
        self.assertGreater(self.command('report', run, '--out', self.folder / 'r.html')['bytes'], 1000)
        self.assertEqual(self.command('show', run)['summary']['epochs'], 3)
        for args in (('summary', run / 'model.h5'), ('trace', run / 'model.h5', '--data', self.folder / 'rows.csv')):
            self.assertTrue(self.command(*args))


if __name__ == '__main__':
    main()
