#!/usr/bin/env python3
"""`hgq-train check` finds what a run refuses before its first step, and both warn alike. Standard library only.

    check_test.py --program build/bin/hgq-train [-k NAME]
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ARGS = None

CONFIG = '''
data: {file: d.csv, inputs: [a, b], targets: label}
model: {layers: [HQuantize, HDense: {units: 3}]}
train: {loss: sparse_categorical_crossentropy, epochs: 1, batch_size: 16}
'''

# What is changed in the config, and words of the message.
REFUSED = [
    (['model.layers=[HDense: {units: 3}]'], 'no known precision'),
    (['model.layers=[HQuantize, HDense: {units: 2}]'], "output 'h_dense' has the classes 0 to 1"),
    (['train.loss=mse'], "output 'h_dense' has the shape [3]"),
    (['train.loss=mse', 'model.layers=[HQuantize, HDense: {units: 1}]', 'data.targets=word'], 'holds text'),
    (['data.inputs=[a, zz]'], 'zz'),
    (['data.inputs=[a, word]'], 'word'),
    (['data.file=none.csv'], 'none.csv'),
    (['data.file=header.csv'], 'header.csv'),
    (['data.file=nan.csv'], 'nan.csv'),
    (['data.validation=0.001'], 'validation'),
    (['data.validation={file: other.csv}'], '7'),
    (['data.test={file: other.csv}'], '7'),
    (['data.sample_weights=word'], 'word'),
    (['train.metrics=[mse]'], "metric 'mse' does not fit the loss"),
    (['train.loss=mse', 'model.layers=[HQuantize, HDense: {units: 1}]', 'data.targets=b', 'train.metrics=[AUC]'],
     "metric 'auc' does not fit the loss 'mse', whose targets are no classes"),
    (['train.loss={SparseCategoricalCrossentropy: {from_logits: false, reduction: auto}}'], 'from_logits is false'),
    (['train.loss={SparseCategoricalCrossentropy: {reduction: sum}}'], 'a loss is the mean over the batch'),
    (['model.layers=[HQuantize, {HConv2D: {filters: 2, kernel_size: 3}}, PFlatten, HDense: {units: 3}]'], 'h_conv2d'),
    (['model.layers=[HQuantize, {PReshape: {target_shape: [3]}}, HDense: {units: 3}]'], 'p_reshape'),
    (['callbacks=[CalibratedBOPs: {data: validation}]'], 'no validation set'),
    (['callbacks=[ReduceLROnPlateau: {monitor: loss}]',
      'train.optimizer={Adam: {learning_rate: {ExponentialDecay: {initial_learning_rate: 0.1, decay_steps: 5, decay_rate: 0.5}}}}'],
     'follows a schedule'),
    (['callbacks=[EarlyStopping]'], "'val_loss' is not measured, as the run has no validation set"),
    (['callbacks=[EarlyStopping: {monitor: los}]'], "did you mean 'loss'"),
    (['callbacks=[{Checkpoint: {save_best_only: true, monitor: val_auc}}]'], "'val_auc' is not measured"),
    (['callbacks=[ParetoFront: {metrics: [accuracy, bops]}]', 'train.metrics=[accuracy]'], "'bops' is not measured; put FreeBOPs"),
    (['callbacks=[EarlyStopping: {monitor: bops}, FreeBOPs]'], 'put FreeBOPs before it'),
    (['callbacks=[TargetBOPs: 300]'], "TargetBOPs: monitor: 'bops' is not measured; put FreeBOPs"),
    (['callbacks=[TargetBOPs: 300, FreeBOPs]'], 'put FreeBOPs before it'),
    (['callbacks=[FreeBOPs, {BetaSchedule: {from: 1.0e-6, to: 1.0e-4}}, TargetBOPs: 300]'], 'TargetBOPs: sets beta, and so does BetaSchedule'),
    (['callbacks=[FreeBOPs, TargetLUTs: 300, TargetBOPs: 300]'], 'TargetBOPs: sets beta, and so does TargetLUTs'),
    (['callbacks=[FreeBOPs, {StopWhen: {condition: "bop < 300"}}]'], "StopWhen: condition: 'bop' is not measured, did you mean 'bops'"),
    (['callbacks=[FreeBOPs, {EarlyStopping: {monitor: loss, when: "bops <"}}]'], 'EarlyStopping.when: the formula ends where a value is expected'),
    (['export.trace.data=[test]'], 'gives no such rows'),
    (['callbacks=[{Checkpoint: {file: model.h5}}]'], 'expected another name, as the run itself writes this file'),
    (['callbacks=[{Checkpoint: {file: pareto/best.h5}}]'], 'expected another folder'),
    (['callbacks=[{Checkpoint: {file: config.yaml}}]'], 'expected a name that ends with .h5'),
    (['callbacks=[{Checkpoint: {file: a.h5}}, {Checkpoint: {file: ./a.h5}}]'], "writes 'a.h5', and so does one before it"),
    (['train.metrics=[{accuracy: {name: loss}}]'], "a metric is called 'loss'"),
    (['train.metrics=[accuracy, {AUC: {name: seconds}}]'], "--set #1: a metric is called 'seconds'"),
    (['train.metrics=[{AUC: {name: bops}}]', 'callbacks=[FreeBOPs]'], "a metric is called 'bops'"),
    (['train.metrics=[accuracy, {AUC: {name: val_accuracy}}]', 'data.validation=0.2'], "a metric is called 'val_accuracy'"),
    (['train.epochs=4', 'train.phases=[{epochs: 1, learning_rate: 0.1}, {}]', 'callbacks=[ReduceLROnPlateau: {monitor: loss}]'],
     'ReduceLROnPlateau sets the learning rate, and so does train.phases'),
    (['data.targets=word', 'train.class_weight={w1: 2, 1: 3}'], "'w1' and '1' are the same class"),
]

WARNED = [
    (['data.inputs=[a, one]'], "column 1 ('one') is the same in all 60 training rows"),
    (['data.inputs=[a, far]'], "column 1 ('far') reaches"),
    (['train.batch_size=512'], 'train.batch_size: 512 is more than the 60 training rows'),
    (['train.optimizer={SGD: {learning_rate: 0.0}}'], 'the learning rate is 0'),
    (['callbacks=[{CalibratedBOPs: {every: 5000}}]'], 'callbacks.CalibratedBOPs.every: 5000 is more than the'),
    (['callbacks=[{Checkpoint: {every: 5000}}]'], 'callbacks.Checkpoint.every: 5000 is more than the'),
    (['callbacks=[FreeBOPs, {ParetoFront: {metrics: [loss, bops], best: [min, min], every: 5000}}]'], 'callbacks.ParetoFront.every: 5000 is more than the'),
    (['data.targets=one', 'train.loss=mse', 'model.layers=[HQuantize, HDense: {units: 1}]'], "is 1 in all 60 training rows"),
    (['data.validation={file: d.csv}'], 'data.validation: is the training set'),
    (['model.layers=[HQuantize, {HActivation: {activation: log_softmax}}, HDense: {units: 3}]'], 'no proxy.h5 will be written'),
]


def hgq(*args, folder):
    result = subprocess.run([str(pathlib.Path(ARGS.program).resolve()), *map(str, args)], capture_output=True, text=True, timeout=300, cwd=folder)
    if result.returncode < 0:
        raise AssertionError(f'signal {-result.returncode}: {args}')
    return result


class CheckTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='hgq_check_'))
        self.config = self.folder / 'c.yaml'
        self.config.write_text(CONFIG)
        header = 'a,b,label,word,one,far\n'
        rows = [f'{i % 7 / 4},{i % 11 / 4},{i % 3},w{i % 3},1,{i * 1000}\n' for i in range(60)]
        (self.folder / 'd.csv').write_text(header + ''.join(rows))
        (self.folder / 'header.csv').write_text(header)
        (self.folder / 'nan.csv').write_text(header + ''.join(rows) + 'nan,1,1,w1,1,1\n')
        (self.folder / 'other.csv').write_text(header + ''.join(rows) + '1,1,7,w1,1,1\n')

    def tearDown(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run_with(self, sets, *more):  # in the folder, which paths in --set start from
        return hgq(self.config, '--out', self.folder / 'run', '--quiet', *(word for s in sets for word in ('--set', s)), *more, folder=self.folder)

    def check_with(self, sets):
        return hgq('check', self.config, *(word for s in sets for word in ('--set', s)), folder=self.folder)

    def test_what_a_run_refuses_check_finds_and_the_run_leaves_nothing(self):
        for sets, words in REFUSED:
            with self.subTest(sets=sets):
                shutil.rmtree(self.folder / 'run', ignore_errors=True)
                checked, ran = self.check_with(sets), self.run_with(sets)
                self.assertIn(words, checked.stdout)
                self.assertEqual(checked.returncode, 2)
                self.assertIn(words, ran.stderr)
                self.assertEqual(ran.returncode, 2)
                self.assertFalse((self.folder / 'run').exists())

    def test_what_is_unusual_is_a_warning_of_check_and_run_told_once(self):
        for sets, words in WARNED:
            with self.subTest(sets=sets):
                shutil.rmtree(self.folder / 'run', ignore_errors=True)
                checked, ran = self.check_with(sets), self.run_with(sets)
                self.assertEqual(checked.returncode, 0, checked.stdout)
                self.assertIn('no errors', checked.stdout)
                for result in (checked, ran):
                    self.assertEqual(result.stderr.count(words), 1, result.stderr)
                self.assertIn('warning', checked.stderr)
        self.assertEqual(self.check_with([]).stderr, '')

    def test_a_network_that_has_lost_its_bits_is_told_once(self):
        ran = self.run_with(['model.beta=10', 'train.epochs=40', 'train.optimizer={Adam: {learning_rate: 0.5}}'])
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stderr.count('has no bit operations left'), 1, ran.stderr)
        self.assertEqual(ran.stderr.count('has any bits, so the output there is 0'), 1, ran.stderr)

    def test_errors_of_the_config_come_together_and_first(self):
        sets = ['data.file=none.csv', 'model.layers=[HQuantize, HDens: {units: 3}]', 'train.epochs=-1',
                'callbacks=[EarlyStoping]', 'export.overflow=wrp']
        checked = self.check_with(sets)
        for words in ('HDense', 'epochs', "did you mean 'EarlyStopping'", "did you mean 'wrap'"):
            self.assertIn(words, checked.stdout)
        self.assertNotIn('none.csv', checked.stdout)

    def test_check_writes_nothing(self):
        before = sorted(self.folder.rglob('*'))
        self.check_with(['callbacks=[FreeBOPs, ParetoFront: {metrics: [loss, bops], best: [min, min]}, Checkpoint]'])
        self.assertEqual(sorted(self.folder.rglob('*')), before)


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--program', required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
