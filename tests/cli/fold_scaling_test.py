#!/usr/bin/env python3
"""Proxies and RTL that take the numbers of the data as they are, because the scaling is folded in.

    fold_scaling_test.py --program build/bin/hgq-train --source . [-k NAME]
"""
import json
import math

from cli_support import CliTestCase, hgq, main


class FoldScalingTest(CliTestCase):
    def yaml(self, scale):
        return (f'seed: 1\ndata: {{file: {self.data.resolve()}, validation: 0.2, scale: {scale}}}\n'
                'model: {beta: 1.0e-6, layers: [HQuantize, HDenseBatchNorm: {units: 8, activation: relu}, HDense: {units: 2}]}\n'
                'train: {loss: sparse_categorical_crossentropy, metrics: [accuracy], batch_size: 512, epochs: 2}\n')

    def rows(self, model, *options):
        out = self.folder / 'rows.csv'
        hgq('predict', model, '--data', self.data, '--out', out, *options, check=0)
        return out.read_text()

    def test_the_same_bits_of_the_data_as_they_are(self):
        model = self.trained(self.yaml('power_of_two'))
        folded = self.folder / 'folded.h5'
        hgq('export', model, '--out', folded, '--fold-scaling', check=0)
        self.assertEqual(self.rows(folded), self.rows(model.parent / 'proxy.h5'))
        # It is verified against its model, and its RTL against it, on data that nobody scaled.
        found = json.loads(hgq('verify', folded, '--against', model, '--data', self.data, '--json', check=0).stdout)
        self.assertGreater(found['rows'], 1000)
        evaluated = [json.loads(hgq('eval', file, '--data', self.data, '--json', check=0).stdout) for file in (folded, model.parent / 'proxy.h5')]
        self.assertEqual(*evaluated)
        made = [json.loads((self.rtl(file, name) / 'report.json').read_text())['total'] for file, name in ((folded, 'a'), (model.parent / 'proxy.h5', 'b'))]
        self.assertEqual(*made)
        divisors = [float(line.split(',')[-1]) for line in (model.parent / 'scaling.csv').read_text().splitlines()[1:]]
        self.assertGreater(len(set(divisors)), 2)
        for divisor in divisors:
            self.assertEqual(math.frexp(divisor)[0], 0.5)

    def rtl(self, proxy, name):
        hgq('rtl', proxy, '--out', self.folder / name, '--data', self.data, '--rows', 200, check=0)
        return self.folder / name

    def test_what_is_not_exact_is_refused(self):
        model = self.trained(self.yaml('standard'))
        out = self.folder / 'folded.h5'
        error = hgq('export', model, '--out', out, '--fold-scaling', check=2).stderr
        self.assertIn('feature 0 is scaled as (x - ', error)
        self.assertIn("which 'data.scale: power_of_two' fits", error)
        self.assertFalse(out.exists())
        error = hgq('export', self.trained(self.yaml('none'), 'bare'), '--out', out, '--fold-scaling', check=2).stderr
        self.assertIn('its inputs are not scaled', error)


if __name__ == '__main__':
    main()
