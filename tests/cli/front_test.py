#!/usr/bin/env python3
"""front and pick: the saved models of runs, compared, and the one to build.

    front_test.py --program build/bin/hgq-train --source . [-k NAME]
"""
import csv
import io
import json
import pathlib
import shutil

from cli_support import ARGS, CliTestCase, digest, hgq, main


class FrontTest(CliTestCase):
    def train(self, name, beta, validation=', validation: 0.2', test=', test: {file: SOURCE}', callbacks='[ResetMinMax, CalibratedBOPs, ParetoFront]', layers='', epochs=4, check=0):
        source = (pathlib.Path(ARGS.source) / 'data/samples/magic.h5').resolve()
        config = self.folder / f'{pathlib.Path(name).name}.yaml'
        config.write_text(f'data: {{file: {source}, scale: standard{validation +  test.replace("SOURCE", str(source))}}}\n'
                          f'model: {{beta: {beta}, layers: [HQuantize, HDense: {{units: 6, activation: relu}}, HDense: {{units: 2}}{layers}]}}\n'
                          f'train: {{loss: sparse_categorical_crossentropy, metrics: [accuracy], batch_size: 256, epochs: {epochs}}}\ncallbacks: {callbacks}\n')
        return hgq(config, '--out', self.folder / name, '--quiet', check=check)

    def rows(self, text):
        return list(csv.DictReader(io.StringIO(text)))

    def test_all_saved_models_of_all_runs_are_measured_and_one_is_picked(self):
        said = self.train('runs/a', 1e-6)
        self.assertIn('pareto.csv', said.stdout)
        self.train('runs/b', 1e-4)
        table = self.folder / 'front.csv'
        found = hgq('front', self.folder / 'runs', '--out', table, check=0)
        self.assertRegex(found.stdout, r'models of 2 runs are on the front of val_accuracy and luts')
        models = self.rows(table.read_text())
        saved = [p for p in self.folder.glob('runs/*/pareto/*.h5')] + [p for p in self.folder.glob('runs/*/model.h5')]
        self.assertEqual(sorted(m['run'] + '/' + m['file'] for m in models), sorted(map(str, saved)))
        front = [m for m in models if m['on_front'] == '1']
        for m in models:  # what the front is, once more
            beaten = any(float(o['val_accuracy']) >= float(m['val_accuracy']) and float(o['luts']) <= float(m['luts'])
                         and (o['val_accuracy'], o['luts']) != (m['val_accuracy'], m['luts']) for o in models)
            if m in front:
                self.assertFalse(beaten, m)
        last = next(m for m in models if m['run'].endswith('a') and m['file'] == 'model.h5')
        summary = json.loads((self.folder / 'runs/a/summary.json').read_text())
        self.assertEqual(float(last['test_accuracy']), summary['model']['accuracy'])
        self.assertEqual(float(last['exact_bops']), summary['bops'])
        # pareto.csv has the same numbers, where training had put its own.
        for row in self.rows((self.folder / 'runs/a/pareto/pareto.csv').read_text()):
            m = next(m for m in models if m['run'].endswith('a') and m['file'] == 'pareto/' + row['file'])
            self.assertEqual([float(row[k]) for k in ('exact_bops', 'test_accuracy', 'val_accuracy')], [float(m[k]) for k in ('exact_bops', 'test_accuracy', 'val_accuracy')])

        budget = sorted(float(m['luts']) for m in models)[len(models) // 2]
        out = self.folder / 'picked'
        picked = json.loads(hgq('pick', self.folder / 'runs', '--under', f'luts={budget}', '--out', out, '--rtl', '--json', check=0).stdout)
        best = max(float(m['val_accuracy']) for m in models if float(m['luts']) <= budget)
        self.assertEqual(picked['values']['val_accuracy'], best)
        self.assertLessEqual(picked['values']['luts'], budget)
        for name in ('model.h5', 'proxy.h5', 'summary.json', 'config.yaml', 'report.html', 'rtl/report.json', 'scaling.csv'):
            self.assertTrue((out / name).exists(), name)
        self.assertEqual(json.loads((out / 'summary.json').read_text())['picked'], picked)
        self.assertEqual(json.loads((out / 'summary.json').read_text())['bops'], picked['values']['exact_bops'])
        hgq('verify', out / 'proxy.h5', '--against', out / 'model.h5', '--data', pathlib.Path(ARGS.source) / 'data/samples/magic.h5', check=0)
        self.assertIn('exists already', hgq('pick', self.folder / 'runs', '--out', out, check=2).stderr)
        # The folder in the place of the file that is meant.
        self.assertIn(f"did you mean '{out}/proxy.h5'?", hgq('rtl', out, '--out', self.folder / 'rtl', check=2).stderr)
        self.assertIn(f"did you mean '{out}/rtl' or '{out}/proxy.h5'?", hgq('verify', out, check=2).stderr)
        self.assertIn(f'picked from {picked["run"]}/{picked["file"]}', hgq('show', out, check=0).stdout)
        # The choice is kept: there is nothing in it to go on with.
        kept = digest(out / 'model.h5')
        self.assertIn("holds a model that 'hgq-train pick' has chosen", hgq(out / 'config.yaml', '--resume', check=2).stderr)
        self.assertEqual(digest(out / 'model.h5'), kept)

    def test_what_was_measured_is_kept_while_it_is_true(self):
        self.train('run', 1e-5)
        run = self.folder / 'run'
        first = hgq('front', run, '--json', check=0)
        self.assertIn('measuring', first.stderr)
        cache = run / 'candidates.json'
        kept = cache.read_text()
        again = hgq('front', run, '--json', check=0)
        self.assertNotIn('measuring', again.stderr)
        self.assertEqual(first.stdout, again.stdout)
        for damage in ('', '{', '[]', kept.replace('"rows": ', '"rows": -'), kept.replace('"name"', '"nome"'), kept[:len(kept) // 2]):
            cache.write_text(damage)
            self.assertEqual(hgq('front', run, '--json', check=0).stdout, first.stdout)
            self.assertEqual(cache.read_text(), kept)
        self.assertIn('measuring', hgq('front', run, '--stage-delay', 2, check=0).stderr)
        # A model with other content under an old name is measured.
        files = sorted((run / 'pareto').glob('*.h5'))
        hgq('front', run, check=0)
        shutil.copy(run / 'model.h5', files[0])
        self.assertIn('measuring', hgq('front', run, check=0).stderr)
        # What was measured with circuits serves without them, and stays.
        kept = cache.read_text()
        without = hgq('front', run, '--no-luts', '--json', check=0)
        self.assertNotIn('measuring', without.stderr)
        self.assertNotIn('luts', without.stdout)
        self.assertEqual(cache.read_text(), kept)
        # Numbers that are none are null in JSON, whatever the file holds.
        cache.write_text(kept.replace('"value": ', '"value": "nan", "was": ', 1))
        found = json.loads(hgq('front', run, '--json', check=0).stdout)
        self.assertNotIn('"nan"', json.dumps(found))
        self.assertIn('null', json.dumps(found))
        # A model that is not there any more is told. Only model.h5 can be made again.
        files[0].unlink()
        told = hgq('front', run, check=0).stderr
        self.assertIn(f'pareto/{files[0].name} is missing', told)
        self.assertNotIn('--resume', told)
        (run / 'model.h5').unlink()
        self.assertIn(f"are missing, and not compared; 'hgq-train {run}/config.yaml --resume' writes model.h5 again", hgq('front', run, check=0).stderr)
        cache.unlink()
        hgq('front', run, '--no-luts', check=0)
        self.assertIn('measuring', hgq('front', run, check=0).stderr)

    def test_other_data_are_measured_anew_and_gone_ones_are_not_needed(self):
        data = self.folder / 'rows.csv'
        text = 'a,b,y\n' + ''.join(f'{i * 7 % 13},{i * 5 % 11},{int(i * 7 % 13 > i * 5 % 11)}\n' for i in range(90))
        data.write_text(text)
        config = self.folder / 'c.yaml'
        config.write_text('data: {file: rows.csv, inputs: [a, b], targets: y, validation: 0.2}\nmodel: {layers: [HQuantize, HDense: {units: 2}]}\n'
                          'train: {loss: sparse_categorical_crossentropy, metrics: [accuracy], epochs: 2}\ncallbacks: [CalibratedBOPs]\n')
        run = self.folder / 'run'
        hgq(config, '--out', run, '--quiet', check=0)
        first = hgq('front', run, '--json', check=0).stdout
        data.unlink()
        self.assertEqual(hgq('front', run, '--json', check=0).stdout, first)
        data.write_text(text.replace(',0\n', ',2\n').replace(',1\n', ',0\n').replace(',2\n', ',1\n'))
        self.assertNotEqual(hgq('front', run, '--json', check=0).stdout, first)

    def test_a_run_that_cannot_be_read_is_told_and_stops_no_other(self):
        self.train('runs/a', 1e-6)
        self.train('runs/b', 1e-6)
        (self.folder / 'runs/b/model.h5').write_bytes(b'no model')
        (self.folder / 'runs/c').mkdir()
        (self.folder / 'runs/c/config.yaml').write_text('data: [1')
        (self.folder / 'runs/d').mkdir()  # of a sweep, whose config is gone
        (self.folder / 'runs/d/values.yaml').write_text('seed: 1')
        found = hgq('front', self.folder / 'runs', check=3)
        self.assertIn('runs/b: cannot be measured', found.stderr)
        self.assertIn('runs/c: cannot be measured', found.stderr)
        self.assertRegex(found.stderr, 'runs/d: cannot be measured: .*config.yaml: there is no such file')
        self.assertIn('runs/a', found.stdout)
        self.assertIn('there is no such folder', hgq('front', self.folder / 'nothing', check=2).stderr)
        self.assertIn('holds no run', hgq('front', self.folder / 'runs/a/pareto', check=2).stderr)
        self.assertIn('is a file', hgq('front', self.folder / 'runs/a/model.h5', check=2).stderr)
        # A run of a sweep that has ended without a model.
        (self.folder / 'runs/b/model.h5').unlink()
        (self.folder / 'runs/b/summary.json').unlink()
        shutil.rmtree(self.folder / 'runs/b/pareto')
        self.assertIn('runs/b: has no model yet', hgq('front', self.folder / 'runs', check=3).stderr)
        (self.folder / 'runs/b/exit_code').write_text('3\n')
        self.assertIn('runs/b: has failed with exit code 3', hgq('front', self.folder / 'runs', check=3).stderr)
        both = hgq('front', self.folder / 'runs/a', self.folder / 'runs/../runs/a/', check=0)
        self.assertIn('of 1 runs', both.stdout)

    def test_runs_of_other_tasks_are_compared_with_a_warning(self):
        rows = self.folder / 'rows.csv'
        rows.write_text('a,b,y,z\n' + ''.join(f'{i * 7 % 13},{i * 5 % 11},{int(i * 7 % 13 > i * 5 % 11)},{int(i % 3 == 0)}\n' for i in range(90)))
        for name, targets, metric in (('a', 'y', 'accuracy'), ('b', 'z', 'accuracy'), ('c', 'y', 'top_k_categorical_accuracy: {k: 1, name: best}')):
            config = self.folder / f'{name}.yaml'
            config.write_text(f'data: {{file: rows.csv, inputs: [a, b], targets: {targets}, validation: 0.2}}\nmodel: {{layers: [HQuantize, HDense: {{units: 2}}]}}\n'
                              f'train: {{loss: sparse_categorical_crossentropy, metrics: [{metric}], epochs: 2}}\n')
            hgq(config, '--out', self.folder / 'runs' / name, '--quiet', check=0)
        for command in (('front',), ('pick', '--out', self.folder / 'picked')):
            said = hgq(command[0], self.folder / 'runs', *command[1:], check=0).stderr
            self.assertIn('warning: The runs differ in data.targets: y (a), z (b). Numbers on different rows', said)
            self.assertRegex(said, r'note: 1 of 3 models has no val_accuracy and is not compared: .*/c/model.h5')
        alike = hgq('front', self.folder / 'runs/a', self.folder / 'runs/c', check=0).stderr
        self.assertNotIn('differ', alike)

    def test_messages_say_what_to_do(self):
        said = self.train('my run', 1e-6)
        run, out = self.folder / 'my run', self.folder / 'picked'
        self.assertIn(f"'hgq-train front \"{run}\"' adds LUTs", said.stdout)
        for options, words in ((('--under', 'luts=1'), 'the nearest is'), (('--best', 'test_accuracy'), 'take val_accuracy instead'), (('--under', 'overflow_share=0'), 'of the test rows'), (('--under', 'lut=5'), "did you mean 'luts'"),
                               (('--under', 'luts'), 'needs a value NAME=NUMBER'), (('--under', 'luts=x'), 'expected NAME=NUMBER'), (('--best', 'val_accuracyy'), 'did you mean'), (('--no-luts', '--under', 'luts=9'), "has a number 'luts'")):
            self.assertIn(words, hgq('pick', run, '--out', out, *options, check=2).stderr)
            self.assertFalse(out.exists())
        self.assertIn("did you mean 'val_accuracy'?", hgq('front', run, '--metrics', 'accuracy', check=2).stderr)
        self.assertEqual(hgq('front', run, '--stage-delay', 3, '--quiet', check=0).stderr, '')
        self.assertIn('test_accuracy', hgq('front', run, '--metrics', 'test_accuracy,exact_bops', '--no-luts', check=0).stdout)

    def test_no_command_writes_over_a_file_of_a_run(self):
        self.train('run', 1e-6, epochs=1)
        run = self.folder / 'run'
        (self.folder / 'link.h5').symlink_to(run / 'model.h5')
        other = self.folder / 'other.h5'
        shutil.copy(run / 'model.h5', other)
        data = pathlib.Path(ARGS.source) / 'data/samples/magic.h5'
        rows = ('--data', data)
        names = [p.relative_to(run) for p in run.rglob('*') if p.suffix in ('.h5', '.yaml', '.json', '.csv')] + ['candidates.json', 'output_scaling.csv', '../link.h5']
        self.assertGreater(len(names), 8)
        commands = [(('front', run), '--out'), (('predict', other, *rows), '--out'), (('eval', other, *rows), '--report'), (('trace', other, *rows), '--out'), (('export', other), '--out'),
                    (('import', other), '--out'), (('report', run), '--out')]
        content = {p: p.read_bytes() for p in run.rglob('*') if p.is_file()}
        for command, option in commands:
            for name in names:
                with self.subTest(command=command[0], name=name):
                    said = hgq(*command, option, run / name, check=2).stderr
                    self.assertIn(f'{option} ', said)
                    self.assertIn('would be overwritten; give another name', said)
        self.assertEqual({p: p.read_bytes() for p in run.rglob('*') if p.is_file()}, content)
        rows = self.folder / 'rows.csv'
        rows.write_text('a,b,y\n' + ''.join(f'{i % 7},{i % 5},{i % 2}\n' for i in range(60)))
        kept = rows.read_bytes()
        model = self.trained('data: {file: rows.csv, inputs: [a, b], targets: y}\nmodel: {layers: [HQuantize, HDense: {units: 2}]}\ntrain: {loss: sparse_categorical_crossentropy, epochs: 1}\n', 'small')
        self.assertIn('--out', hgq('front', self.folder / 'small', '--out', rows, check=2).stderr)
        self.assertIn('--report', hgq('eval', model, '--data', rows, '--report', rows, check=2).stderr)
        self.assertEqual(rows.read_bytes(), kept)
        # A run's model may be traced, and exported, once more.
        hgq('trace', model, '--data', rows, '--out', model, check=0)
        hgq('export', model, '--out', model.with_name('proxy.h5'), check=0)
        # A config beside other files is no run.
        (self.folder / 'config.yaml').write_text('')
        for _ in range(2):
            hgq('export', model, '--out', self.folder / 'proxy.h5', check=0)

    def test_sets_softmax_and_fronts_that_are_not_there(self):
        for name, keys in (('no_test', {'test': ''}), ('alone', {'validation': '', 'test': '', 'callbacks': '[]'}), ('softmax', {'layers': ', HActivation: {activation: softmax}'}),
                           ('other_metrics', {'callbacks': '[ResetMinMax, FreeBOPs, ParetoFront: {metrics: [val_loss], best: [min]}]'})):
            with self.subTest(name):
                self.train(name, 1e-6, epochs=2, **keys)
                found = json.loads(hgq('front', self.folder / name, '--json', check=0).stdout)
                self.assertEqual(len(found['models']), len(list((self.folder / name).glob('*/*.h5'))) + 1)
                self.assertTrue(all(m.get('circuit') for m in found['models']), found)
                self.assertEqual(found['metrics'][0]['name'], 'accuracy' if name == 'alone' else 'val_accuracy')


if __name__ == '__main__':
    main()
