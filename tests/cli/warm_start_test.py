#!/usr/bin/env python3
"""Training on from a model file, with frozen layers and in phases, from the outside.

    warm_start_test.py --program build/bin/hgq-train --source . [-k NAME]
"""
import json
import pathlib
import re

from cli_support import ARGS, CliTestCase, digest, hgq, history, main

BEFORE = re.compile(r'before the training: val_loss ([^,]*), val_accuracy (\S*)')


class WarmStartTest(CliTestCase):
    def write(self, name, layers='HQuantize: {name: q}, HDenseBatchNorm: {units: 8, activation: relu, name: a}, HDense: {units: 2, name: out}',
              model='', train='epochs: 3', data='', callbacks='[]'):
        source = (pathlib.Path(ARGS.source) / 'data/samples/magic.h5').resolve()
        config = self.folder / f'{name}.yaml'
        config.write_text(f'seed: 1\ndata: {{file: {source}, validation: 0.2{data}}}\nmodel: {{beta: 1.0e-6, layers: [{layers}]{model}}}\n'
                          f'train: {{loss: sparse_categorical_crossentropy, metrics: [accuracy], batch_size: 512, {train}}}\ncallbacks: {callbacks}\n')
        return config

    def run_of(self, name, *options, check=0, **keys):
        return hgq(self.write(name, **keys), '--out', self.folder / name, '--quiet', *options, check=check)

    def last(self, name, column):
        rows = history(self.folder / name)
        return float(rows[-1][rows[0].index(column)])

    def test_the_first_evaluation_is_the_last_of_the_file(self):
        self.run_of('first', data=', scale: standard')
        for file in ('model.h5', 'checkpoint.h5'):
            result = self.run_of('on_' + file[:5], data=', scale: standard', model=f', weights: first/{file}')
            loss, accuracy = BEFORE.search(result.stderr).groups()
            # model.h5 has the ranges of the trace, which is after the training, and so other BOPs in its loss.
            self.assertAlmostEqual(float(loss), self.last('first', 'val_loss'), delta=0 if file == 'checkpoint.h5' else 1e-4)
            self.assertEqual(float(accuracy), self.last('first', 'val_accuracy'))
        self.assertNotIn('warning: model.weights', result.stderr)
        # --set starts from the current folder, a config from its own; both find the same file.
        other = hgq(self.write('set', data=', scale: standard'), '--out', self.folder / 'set', '--quiet', '--set', 'model.weights=first/model.h5',
                    cwd=self.folder, check=0)
        self.assertIn('3 layers begin', other.stderr)
        self.assertEqual(digest(self.folder / 'set/model.h5'), digest(self.folder / 'on_model/model.h5'))

    def test_inputs_are_scaled_as_in_the_file_unless_told_otherwise(self):
        self.run_of('first', data=', scale: standard')
        kept = self.run_of('kept', model=', weights: first/model.h5')
        self.assertEqual(float(BEFORE.search(kept.stderr).group(2)), self.last('first', 'val_accuracy'))
        fitted = self.run_of('fitted', model=', weights: {file: first/model.h5, scaling: fit}', data=', scale: minmax')
        self.assertIn('trained with inputs scaled by other numbers', fitted.stderr)
        bare = self.run_of('bare', model=', weights: {file: first/model.h5, scaling: fit}')
        self.assertIn('here they are not scaled (data.scale: none)', bare.stderr)

    def test_targets_are_scaled_as_in_the_file_and_other_columns_are_told(self):
        lines = lambda factor: [f'{i * 7 % 13},{i * 5 % 11},{factor * (i * 7 % 13 - i * 5 % 11)}\n' for i in range(100)]
        for name, factor in (('one', 1), ('five', 5)):
            (self.folder / f'{name}.csv').write_text('a,b,y\n' + ''.join(lines(factor)))
        config = self.folder / 'c.yaml'
        config.write_text('data: {file: one.csv, inputs: [a, b], targets: y, validation: 0.2, scale: standard, scale_targets: standard}\n'
                          'model: {layers: [HQuantize: {name: q}, HDense: {units: 1, name: out}]}\ntrain: {loss: mse, metrics: [mae], epochs: 3}\n')
        run = lambda name, *sets: hgq(config, '--out', self.folder / name, '--quiet', *(word for s in sets for word in ('--set', s)), check=0)
        run('first')
        kept = run('kept', 'model.weights=' + str(self.folder / 'first/model.h5'), 'data.file=' + str(self.folder / 'five.csv'))
        self.assertEqual((self.folder / 'kept/output_scaling.csv').read_text(), (self.folder / 'first/output_scaling.csv').read_text())
        self.assertNotIn('warning', kept.stderr)
        fitted = run('fitted', f'model.weights={{file: {self.folder}/first/model.h5, scaling: fit}}', 'data.file=' + str(self.folder / 'five.csv'))
        self.assertIn('trained with targets scaled by other numbers, here data.scale_targets scales them', fitted.stderr)
        for key in ('model.weights', 'train.distillation.teacher'):
            told = run('other' + key, f'{key}={self.folder}/first/model.h5', 'data.inputs=[b, a]')
            self.assertIn(f"{key}: its inputs were 'a', 'b' of its data, here they are 'b', 'a'", told.stderr)

    def test_a_resumed_run_needs_the_file_no_more(self):
        self.run_of('first', data=', scale: standard')
        keys = {'model': ', weights: first/model.h5', 'data': ', scale: minmax', 'train': 'epochs: 4, freeze: [a]'}
        self.run_of('whole', **keys)
        self.run_of('parts', '--stop-after', 2, **keys)
        (self.folder / 'first/model.h5').unlink()
        hgq(self.folder / 'parts.yaml', '--out', self.folder / 'parts', '--quiet', '--resume', check=0)
        self.assertEqual(digest(self.folder / 'whole/model.h5'), digest(self.folder / 'parts/model.h5'))
        gone = self.run_of('again', check=2, **keys)
        self.assertIn('model.weights: ', gone.stderr)
        self.assertFalse((self.folder / 'again').exists())

    def test_a_model_of_python_hgq_begins_as_python_left_it(self):
        golden = (pathlib.Path(ARGS.source) / 'tests/golden/models/mlp_relu').resolve()
        config = self.folder / 'python.yaml'
        config.write_text(f'data: {{file: {golden}/data.h5, inputs: x/calib, targets: hgq/calib, validation: {{inputs: x/test, targets: hgq/test}}}}\n'
                          f'model: {{weights: {golden}/hgq.h5, activation_quantizer: {{rnd_strategy: standard_round}}, layers: [HQuantize: {{name: inp_q}}, '
                          'HDense: {units: 24, activation: relu, name: dense_0}, HDense: {units: 10, name: out}]}\n'
                          'train: {loss: mse, metrics: [mse], freeze: [inp_q, dense_0, out], epochs: 2}\n')
        result = hgq(config, '--out', self.folder / 'python', '--quiet', check=0)
        self.assertRegex(result.stderr, 'before the training: val_loss [^,]*, val_mse 0\n')  # the targets are what Python computed
        self.assertNotIn('in the file, ', result.stderr)
        self.assertEqual(self.last('python', 'val_mse'), 0)  # frozen: still so
        config.write_text(config.read_text().replace('standard_round', 'floor'))
        other = hgq(config, '--out', self.folder / 'other', '--quiet', check=0)
        self.assertIn("layer 'dense_0': paq_conf.rnd_strategy is \"standard_round\" in the file, \"floor\" here", other.stderr)

    def test_other_shapes_and_names_are_errors_before_anything_is_written(self):
        self.run_of('first')
        other = self.run_of('other', model=', weights: first/model.h5', check=2,
                            layers='HQuantize: {name: q}, HDenseBatchNorm: {units: 7, name: a}, HDense: {units: 2, name: out}')
        self.assertIn("layer 'a': kernel has shape [10, 8] in the file, [10, 7] in the model", other.stderr)
        self.assertIn("layer 'out': kernel has shape [8, 2] in the file, [7, 2] in the model", other.stderr)
        none = self.run_of('none', model=', weights: first/model.h5', check=2, layers='HQuantize: {name: r}, HDense: {units: 2, name: b}')
        self.assertIn("has no layer of this model; it has 'a', 'out', 'q', the model 'r', 'b'", none.stderr)
        self.assertFalse((self.folder / 'other').exists() or (self.folder / 'none').exists())

    def test_phases_set_beta_rate_and_frozen_layers(self):
        self.run_of('phases', train='epochs: 5, optimizer: {Adam: {learning_rate: 1.0e-3}}, '
                    'phases: [{epochs: 2, beta: 0, learning_rate: 5.0e-3}, {beta: {from: 1.0e-6, to: 1.0e-4}}]')
        rows = history(self.folder / 'phases')
        column = lambda name: [float(f'{float(row[rows[0].index(name)]):.3g}') for row in rows[1:]]
        self.assertEqual(column('beta'), [0, 0, 1e-6, 1e-5, 1e-4])
        self.assertEqual(column('learning_rate'), [5e-3, 5e-3, 1e-3, 1e-3, 1e-3])
        more = hgq(self.folder / 'phases.yaml', '--out', self.folder / 'phases', '--quiet', '--resume', '--set', 'train.epochs=6', check=0)
        self.assertEqual(float(f"{self.last('phases', 'beta'):.3g}"), 1e-4, more.stderr)
        free = self.run_of('free', train='epochs: 2, freeze: [out], phases: [{epochs: 1}, {freeze: []}]')
        self.assertNotIn('error', free.stderr)
        summary = json.loads((self.folder / 'phases/summary.json').read_text())
        self.assertEqual(summary['epochs'], 6)

    def test_errors_of_phases_come_all_at_once(self):
        wrong = self.run_of('wrong', check=2, callbacks='[BetaSchedule: {from: 1.0e-6, to: 1.0e-4}]',
                            train='freeze: [b], phases: [{epochs: 1, beta: -1}, {epochs: 0}, {beta: {from: 0, to: 1}, frieze: []}, 5]')
        for text in ('train.phases.beta: found the number -1', 'train.phases.epochs: found the number 0', "missing key 'epochs'", 'train.phases.beta.from: found 0, expected a number above 0',
                     "unknown key 'frieze' in train.phases, did you mean 'freeze'?", 'train.phases: found the number 5'):
            self.assertIn(text, wrong.stderr)
        both = self.run_of('both', check=2, callbacks='[BetaSchedule: {from: 1.0e-6, to: 1.0e-4}]', train='epochs: 2, phases: [{beta: 1.0e-5}]')
        self.assertIn('callbacks: BetaSchedule sets beta, and so does train.phases; leave out one of them', both.stderr)
        rates = self.run_of('rates', check=2, callbacks='[ReduceLROnPlateau: {monitor: loss}]', train='epochs: 2, phases: [{learning_rate: 1.0e-3}]')
        self.assertIn('callbacks: ReduceLROnPlateau sets the learning rate, and so does train.phases', rates.stderr)
        for train, text in (('epochs: 2, phases: [{epochs: 3}]', 'the phases have 3 epochs in all, but train.epochs is 2'),
                            ('epochs: 2, phases: [{epochs: 2}, {beta: 0}]', 'leaves none of the 2 of train.epochs'),
                            ('phases: [{beta: 0}]', 'the last phase has no epochs'),
                            ('freeze: [ot]', "train.freeze: no layer 'ot', did you mean 'out'?")):
            self.assertIn(text, self.run_of('more', check=2, train=train).stderr)


if __name__ == '__main__':
    main()
