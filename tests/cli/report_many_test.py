#!/usr/bin/env python3
"""hgq-train report of several runs and of sweeps: one page, the same whenever it is made, with links to the runs' own.

    report_many_test.py --program build/bin/hgq-train --source . [-k NAME]
"""
import html.parser
import json
import pathlib
import shutil
import time

from cli_support import ARGS, CliTestCase, digest, hgq, main


class Links(html.parser.HTMLParser):
    """Where a page points to, beside itself."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name == 'href' and not value.startswith(('#', 'data:'))]


class ReportManyTest(CliTestCase):
    def written(self, name, targets='y', epochs=2, layers='', loss='sparse_categorical_crossentropy', metrics='[accuracy]', beta='1.0e-6', front='ParetoFront'):
        source = (pathlib.Path(ARGS.source) / 'data/samples/magic.h5').resolve()
        path = self.folder / f'{name}.yaml'
        path.write_text(f'data: {{file: {source}, targets: {targets}, scale: standard, validation: 0.2}}\n'
                        f'model: {{beta: {beta}, layers: [HQuantize, HDense: {{units: 4, name: h, activation: relu}}, HDense: {{units: 2, name: out}}{layers}]}}\n'
                        f'train: {{loss: {loss}, metrics: {metrics}, batch_size: 512, epochs: {epochs}}}\n'
                        f'callbacks: [ResetMinMax, CalibratedBOPs, {front}]\n')
        return path

    def sweep(self, check=0):
        self.written('base')
        file = self.folder / 'sweep.yaml'
        file.write_text('base: base.yaml\naxes: {model.beta: [1.0e-6, 1.0e-4], model.layers.h.units: [2, 4]}\n'
                        'objectives: {maximize: val_accuracy, minimize: bops}\n')
        return hgq('sweep', file, '--out', self.folder / 'sw', '--quiet', check=check)

    def test_a_sweep_ends_with_its_page(self):
        said = self.sweep()
        self.assertIn('report.html', said.stderr)
        page = self.folder / 'sw/report.html'
        text = page.read_text()
        links = Links(text).found
        self.assertEqual({(page.parent / link).resolve() for link in links}, {p.resolve() for p in self.folder.glob('sw/runs/*/report.html')})
        self.assertEqual(len({p for p in links}), 4)
        for words in ('4 runs; ', 'beta 1.0e-6, units 2', 'By units', 'By beta', '4 done', 'sweep.yaml', 'objectives:', 'The LUTs of '):
            self.assertIn(words, text)
        first = digest(page)
        time.sleep(1.1)
        hgq('report', self.folder / 'sw', check=0)
        self.assertEqual(digest(page), first)
        # Elsewhere the links are others, the rest is the same; with what `front` measures there are LUTs.
        other = self.folder / 'some where/else.html'
        other.parent.mkdir()
        hgq('report', self.folder / 'sw', '--out', other, check=0)
        self.assertTrue(all((other.parent / link.replace('%20', ' ')).exists() for link in Links(other.read_text()).found))
        measured = hgq('front', self.folder / 'sw', check=0)
        self.assertIn('hgq-train report', measured.stderr)
        told = json.loads(hgq('report', self.folder / 'sw', '--json', check=0).stdout)
        self.assertEqual(told['runs'], 4)
        self.assertEqual(told['bytes'], page.stat().st_size)
        text = page.read_text()
        self.assertIn('accuracy over LUTs', text)
        self.assertNotIn('The LUTs of ', text)
        # Numbers of a model that has become another one are not shown.
        models = sorted(self.folder.glob('sw/runs/run_001/pareto/*.h5'))
        shutil.copy(self.folder / 'sw/runs/run_004/model.h5', models[0])
        hgq('report', self.folder / 'sw', check=0)
        self.assertIn('The LUTs of 1 model are', page.read_text())
        # A run that has failed is told with its message.
        run = self.folder / 'sw/runs/run_003'
        (run / 'exit_code').write_text('3\n')
        (run / 'train.log').write_text('hgq-train: error: <the disk> is full\n')
        hgq('sweep', self.folder / 'sw/sweep.yaml', '--gather', check=3)
        self.assertIn('run_003 has failed: ', page.read_text())
        self.assertIn('&lt;the disk&gt; is full', page.read_text())

    def test_several_runs_and_what_is_wrong_with_them(self):
        for name, keys in (('a', {}), ('b', {'beta': '1.0e-4'}), ('c', {'loss': 'mse', 'metrics': '[mae]', 'layers': ', HDense: {units: 1}', 'front': 'ParetoFront: {metrics: [val_mae, bops], best: [min, min]}'})):
            hgq(self.written(name, **keys), '--out', self.folder / name, '--quiet', check=0)
        out = self.folder / 'page.html'
        runs = [self.folder / name for name in 'abc']
        told = hgq('report', *runs, '--out', out, check=0)
        self.assertIn('warning: The runs differ in train.loss: sparse_categorical_crossentropy (a), mse (c)', told.stderr)
        text = out.read_text()
        self.assertIn('c has no val_accuracy and is not on the front; it has ', text)
        self.assertRegex(text, r'<title>b, epoch 2: [^<]*beta (0.0001|1e-04|1.0e-4)[^<]*<')
        hgq('report', *runs, '--out', out, '--metric', 'min:val_loss', check=0)
        self.assertIn('loss over BOPs', out.read_text())
        for arguments, words in (((*runs,), '--out FILE.html'), ((*runs, self.folder / 'd', '--out', out), 'no such folder'),
                                 ((runs[0], self.folder / 'a/pareto', '--out', out), 'holds no run'), ((runs[0], self.written('x'), '--out', out), 'is a file'),
                                 ((*runs, '--out', out, '--metric', 'val_acc'), "a number 'val_acc'"), ((*runs, '--out', out, '--luts'), '--luts is for the page of one run'),
                                 ((runs[0], '--metric', 'val_loss'), 'is one run'), ((*runs, '--out', runs[2] / 'history.csv'), 'history.csv')):
            before = digest(out)
            self.assertIn(words, hgq('report', *arguments, check=2).stderr)
            self.assertEqual(digest(out), before)
        (runs[1] / 'history.csv').write_text('no history')
        told = hgq('report', *runs, '--out', out, check=3)
        self.assertIn('b cannot be read', told.stderr)
        self.assertIn('2 done, 1 unreadable', out.read_text())
        self.assertIn('holds no run', hgq('report', self.folder / 'a/pareto', check=2).stderr)

    def test_forty_runs_are_a_small_page_made_quickly(self):
        hgq(self.written('one'), '--out', self.folder / 'one', '--quiet', check=0)
        for i in range(40):
            run = self.folder / f'runs/r{i:02}'
            shutil.copytree(self.folder / 'one', run)
            (run / 'config.yaml').write_text((run / 'config.yaml').read_text().replace('beta: 1e-06', f'beta: {1e-6 * (i + 1)}'))
            (run / 'history.csv').write_text('epoch,loss,val_loss,val_accuracy,bops\n' + ''.join(f'{e},{1 / e},{1 / e},{0.8 - 1 / (e + i + 1)},{9000 - e - i}\n' for e in range(1, 501)))
            (run / 'pareto/pareto.csv').write_text('file,epoch,val_accuracy,bops\n' + ''.join(f'epoch_{e:04}.h5,{e},{0.9 - 0.001 * (20 - p) ** 1.3 + i * 1e-4},{500 + 90 * p + 37 * i}\n' for p, e in enumerate(range(25, 501, 25))))
        begin = time.monotonic()
        hgq('report', self.folder / 'runs', check=0)
        taken = time.monotonic() - begin
        size = (self.folder / 'runs/report.html').stat().st_size
        print(f'40 runs of 500 epochs, 840 models: {size / 1000:.0f} kB, {taken:.2f} s', end=' ', flush=True)
        self.assertLess(size, 450_000)
        self.assertLess(taken, 5)  # on a busy machine; alone it is well below 1

    def test_a_run_says_what_its_predictions_are_like(self):
        hgq(self.written('run'), '--out', self.folder / 'run', '--quiet', check=0)
        run = self.folder / 'run'
        evaluation = json.loads((run / 'evaluation.json').read_text())
        self.assertEqual(evaluation['tested_on'], 'validation')
        self.assertEqual(evaluation['metrics']['accuracy'], json.loads((run / 'summary.json').read_text())['model']['accuracy'])
        matrix = evaluation['outputs']['out']['confusion']
        self.assertEqual(sum(map(sum, matrix)), evaluation['outputs']['out']['rows'])
        text = (run / 'report.html').read_text()
        for words in ('Predictions for the validation rows', 'Confusion matrix', 'ROC', 'Recall of each class'):
            self.assertIn(words, text)
        # The same as eval says of the same rows, on the test rows where there are such; a run that goes on writes the same bytes.
        source = (pathlib.Path(ARGS.source) / 'data/samples/magic.h5').resolve()
        tested = ['--set', f'data.test={{file: {source}}}']
        hgq(self.written('tested'), '--out', self.folder / 'whole', '--quiet', *tested, check=0)
        hgq(self.written('tested'), '--out', self.folder / 'resumed', '--quiet', '--stop-after', 1, *tested, check=0)
        self.assertFalse((self.folder / 'resumed/evaluation.json').exists())
        hgq(self.written('tested'), '--out', self.folder / 'resumed', '--quiet', '--resume', *tested, check=0)
        self.assertEqual(digest(self.folder / 'whole/evaluation.json'), digest(self.folder / 'resumed/evaluation.json'))
        report = self.folder / 'eval.json'
        hgq('eval', self.folder / 'whole/model.h5', '--data', source, '--report', report, check=0)
        found = json.loads((self.folder / 'whole/evaluation.json').read_text())
        self.assertEqual(found['tested_on'], 'test')
        self.assertEqual(found['outputs'], json.loads(report.read_text())['outputs'])

    def test_two_outputs_of_two_kinds(self):
        rows = self.folder / 'rows.csv'
        rows.write_text('x0,x1,kind,size\n' + ''.join(f'{i % 7},{i % 5},{"<b>" if i % 3 else "c"},{i % 7 * 0.5}\n' for i in range(256)))
        config = self.folder / 'two.yaml'
        config.write_text(f'data: {{file: rows.csv, inputs: [x0, x1], targets: {{kind: kind, size: size}}, validation: 0.25}}\n'
                          'model:\n  layers: [HQuantize: {name: q}, HDense: {units: 2, name: kind}, HDense: {units: 1, name: size, inputs: q}]\n  outputs: [kind, size]\n'
                          'train: {loss: {kind: sparse_categorical_crossentropy, size: mse}, epochs: 2, batch_size: 64}\n')
        hgq(config, '--out', self.folder / 'two', '--quiet', check=0)
        text = (self.folder / 'two/report.html').read_text()
        for words in ('<h3>kind, 64 rows</h3>', '<h3>size, 64 rows</h3>', 'Confusion matrix', 'Residuals of size', '&lt;b&gt;'):
            self.assertIn(words, text)
        self.assertNotIn('<b>', text)


if __name__ == '__main__':
    main()
