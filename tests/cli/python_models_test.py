#!/usr/bin/env python3
"""Models of Python HGQ, QKeras and Keras, and what hls4ml does otherwise, from the outside.

    python_models_test.py --program build/bin/hgq-train --source . [-k NAME]
"""
import json
import pathlib
import struct
import zipfile

from cli_support import ARGS, CliTestCase, digest, hgq, main


class PythonModelsTest(CliTestCase):
    def test_formulas_train_resume_and_predict_and_are_exported_as_tables(self):
        layers = '[HQuantize, HDense: {units: 8}, HActivation: {activation: x*x}, HDense: {units: 4}, HActivation: {activation: sin(3*x)}, HDense: {units: 2}]'
        with_tables = ('--set', f'model.layers={layers}')
        sets = (*with_tables, '--set', 'export.unary_lut_max_table_size=-1')
        checked = hgq('check', self.config, *sets, check=0).stderr
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
        mask, table = "note: layer 'd': its kernel_constraint ElementMask", "note: layer 't': hls4ml computes tanh from its own table"
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
        self.assertNotIn('from its own table', hgq('export', run / 'model.h5', '--out', self.folder / 'q.h5', check=0).stderr)
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
        self.assertIn(f"'hgq-train import {model} --out proxy.h5' makes one of this model", hgq('verify', model, '--against', model, '--data', model, check=2).stderr)
        self.assertIn('is a proxy already', hgq('import', proxy, '--out', self.folder / 'p.h5', check=2).stderr)
        self.assertFalse((self.folder / 'p.h5').exists())
        self.assertIn('are for those of Python HGQ', hgq('import', model, '--out', self.folder / 'p.h5', '--epsilon', 0.1, check=2).stderr)
        python = pathlib.Path(ARGS.source) / 'tests/golden/models/mlp_relu/hgq.h5'
        self.assertIn('are for models of QKeras', hgq('import', python, '--out', self.folder / 'p.h5', '--overflow', 'sat', check=2).stderr)
        self.assertIn('--overflow', hgq('import', model, '--out', proxy, '--overflow', 'round', check=2).stderr)

    def test_keras_files_of_other_forms_become_proxies(self):
        files = pathlib.Path(ARGS.source) / 'tests/layers/files'
        proxy = self.folder / 'proxy.h5'
        imported = hgq('import', files / 'keras_3.keras', '--out', proxy, '--input-bits', 'image=ap_fixed<12,6>', check=0)
        self.assertIn('MaxPooling2D top, Flatten top_flat', imported.stdout)
        hgq('predict', proxy, '--data', files / 'keras_3_data.h5', '--inputs', 'x', '--out', self.folder / 'y.h5', check=0)
        self.assertIn('--input-bits', hgq('import', files / 'keras_3.keras', '--out', proxy, check=2).stderr)
        with zipfile.ZipFile(files / 'keras_2.keras') as archive:
            (self.folder / 'model.json').write_bytes(archive.read('config.json'))
        hgq('import', self.folder / 'model.json', '--weights', files / 'keras_2_legacy.h5', '--out', proxy, check=0)
        hgq('import', files / 'keras_2.keras', '--out', self.folder / 'same.h5', check=0)
        self.assertEqual(digest(proxy), digest(self.folder / 'same.h5'))
        for command in (('summary',), ('export', '--out', self.folder / 'p.h5')):
            self.assertIn("saved as HDF5", hgq(command[0], files / 'keras_2.keras', *command[1:], check=2).stderr)

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


if __name__ == '__main__':
    main()
