#!/usr/bin/env python3
"""hgq-train report and show: the page of a run is whole, the same whenever it is made, and made of what there is.

    report_test.py --program build/bin/hgq-train --source . [-k NAME]
"""
import base64
import hashlib
import html.parser
import json
import os
import re
import shutil
import time
import xml.etree.ElementTree

from cli_support import ARGS, CliTestCase, digest, hgq, main

VOID = {'meta', 'link', 'br', 'img', 'input', 'hr'}
SVG = re.compile(r'<svg.*?</svg>', re.DOTALL)


class Page(html.parser.HTMLParser):
    """The tree of a page: every element is closed in its order; what it links to, its ids, its tables."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.links, self.ids, self.outside, self.texts, self.labels = [], [], [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f'not closed: {self.open}'

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), f'<{tag}> has an attribute twice'
        assert not any(name.startswith('on') for name in attributes), attrs
        if tag not in VOID:
            self.open.append(tag)
        if 'id' in attributes:
            self.ids.append(attributes['id'])
        if attributes.get('href', '').startswith('#'):
            self.links.append(attributes['href'][1:])
        self.outside += [attributes[name] for name in ('src', 'href') if name in attributes and not attributes[name].startswith(('#', 'data:'))]
        if attributes.get('role') == 'img':
            self.labels.append(attributes.get('aria-label', ''))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f'</{tag}> closes {self.open[-3:]}'
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] not in ('script', 'style'):
            self.texts.append(data)


class ReportTest(CliTestCase):
    def page(self, path):
        text = path.read_text(encoding='utf-8')
        page = Page(text)
        self.assertEqual(len(page.ids), len(set(page.ids)))
        self.assertLessEqual(set(page.links), set(page.ids))
        self.assertEqual(page.outside, [])
        self.assertTrue(all(len(label) > 20 for label in page.labels), page.labels)
        for svg in SVG.findall(text):
            xml.etree.ElementTree.fromstring(svg)
        return text, page

    def test_a_run_has_its_report_and_it_is_made_again_with_the_same_bytes(self):
        self.train('run', epochs=4)
        run = self.folder / 'run'
        text, page = self.page(run / 'report.html')
        for section in ('front', 'curves', 'network', 'layers', 'verification', 'data', 'origin'):
            self.assertIn(section, page.links)
        self.assertGreater(len(page.labels), 10)
        self.assertIn('Weights pruned', page.texts)
        self.assertIn('rows, train', page.texts)
        first = digest(run / 'report.html')
        time.sleep(1.1)
        hgq('report', run, check=0)
        self.assertEqual(digest(run / 'report.html'), first)
        told = hgq('report', '.', '--out', self.folder / 'other.html', '--threads', 2, check=0, cwd=run)
        self.assertIn('other.html: ', told.stderr)
        self.assertEqual(told.stdout, '')
        self.assertEqual(digest(self.folder / 'other.html'), first)

    def test_the_policy_of_the_page_knows_its_script(self):
        self.train('run', epochs=1)
        text = (self.folder / 'run/report.html').read_text()
        script = re.search(r'<script>(.*?)</script>', text, re.DOTALL)[1]
        expected = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        self.assertIn(f'sha256-{expected}', text.replace('&#39;', "'"), 'put this hash into report/page_script.cpp')

    def test_a_run_that_was_stopped_has_a_report_of_what_there_is(self):
        self.train('run', '--stop-after', 2, epochs=4)
        run = self.folder / 'run'
        self.assertFalse((run / 'report.html').exists())
        hgq('report', run, check=0)
        _, page = self.page(run / 'report.html')
        said = ' '.join(page.texts)
        self.assertIn('There is no summary.json', said)
        self.assertIn('the network is that of checkpoint.h5', said)
        self.assertIn('Bits of each layer', said)
        self.assertIn('epochs so far', hgq('show', run, check=0).stdout)

    def test_names_from_config_and_data_are_harmless(self):
        data = self.folder / '<b>&"rows.csv'
        data.write_text('x0,x1,y\n' + ''.join(f'{i % 7},{i % 5},{"<u>" if i % 2 else "&no;"}\n' for i in range(64)))
        config = self.folder / 'hostile.yaml'
        config.write_text(f'data: {{file: \'<b>&"rows.csv\', inputs: [x0, x1], targets: y}}\n'
                          f'model: {{layers: [HQuantize, HDense: {{units: 2, name: out}}]}}\n'
                          'train: {loss: sparse_categorical_crossentropy, metrics: [accuracy], epochs: 1, batch_size: 16}\n')
        out = self.folder / '<i>run'
        hgq(config, '--out', out, '--quiet', check=0)
        summary = json.loads((out / 'summary.json').read_text())
        summary['model']['</script><script>x</script>&\''] = 0.5
        summary['verify']['overflows']['<i onclick=x>'] = 2
        (out / 'summary.json').write_text(json.dumps(summary))
        hgq('report', out, check=0)
        text, page = self.page(out / 'report.html')
        self.assertEqual(text.count('<script>'), 1)
        self.assertNotRegex(text, '<i[ >]')
        self.assertNotIn('<u>', text)
        self.assertIn('<i>run', page.texts)

    def test_show_prints_numbers_layers_and_plots(self):
        self.train('run', epochs=20)
        shown = hgq('show', self.folder / 'run', check=0, env={**os.environ, 'COLUMNS': '72'}).stdout
        for word in ('accuracy ', 'BOPs ', 'LUTs ', 'weights ', 'layer ', 'val_accuracy over bops', 'loss   v validation   t training'):
            self.assertIn(word, shown)
        self.assertTrue(all(len(line) <= 80 for line in shown.splitlines()), shown)
        self.assertEqual([p.name for p in (self.folder / 'run').iterdir() if p.name.endswith('.part')], [])

    def test_what_is_no_run_or_damaged_is_told(self):
        self.assertIn('no such folder', hgq('report', self.folder / 'none', check=2).stderr)
        self.assertIn('holds no run', hgq('show', self.folder, check=2).stderr)
        self.assertIn('is a file', hgq('report', self.config, check=2).stderr)
        self.train('run', epochs=1)
        run = self.folder / 'run'
        before = digest(run / 'report.html')
        self.assertIn('model.h5', hgq('report', run, '--out', run / '.' / 'model.h5', check=2).stderr)
        self.assertIn('layer', hgq('summary', run / 'model.h5', check=0).stdout)
        (run / 'summary.json').write_text('{"bops": "many"}')
        self.assertIn("summary.json: bops: found \"many\", expected a number", hgq('report', run, check=2).stderr)
        self.assertEqual(digest(run / 'report.html'), before)
        shutil.copy(self.config, run / 'model.h5')
        (run / 'summary.json').unlink()
        self.assertIn('model.h5', hgq('report', run, check=2).stderr)

    def test_a_report_that_cannot_be_written_leaves_the_run(self):
        out = self.folder / 'run'
        (out / 'report.html').mkdir(parents=True)
        told = self.train('run', epochs=1, check=3).stderr
        self.assertIn('there is no new report.html', told)
        self.assertTrue((out / 'model.h5').exists() and (out / 'summary.json').exists())

    def test_rtl_of_a_run_is_in_its_report(self):
        self.train('run', '--set', 'export.rtl={latency: 2}', epochs=2)
        _, page = self.page(self.folder / 'run/report.html')
        said = ' '.join(page.texts)
        self.assertIn('2 clocks', said)
        self.assertIn('rtl/report.json', said)

    def test_ten_thousand_epochs_and_a_front_of_500_points(self):
        self.train('run', epochs=2)
        run = self.folder / 'run'
        rows = [f'{i},{1 / i + 0.1},{0.9 - 1 / (i + 1)},{1 / i + 0.2},{0.88 - 1 / (i + 1) + (i * 7919 % 100) / 1e4},1e-06,0.005,0.01,{20000 - i}'
                for i in range(1, 10001)]
        (run / 'history.csv').write_text('epoch,loss,accuracy,val_loss,val_accuracy,beta,learning_rate,seconds,bops\n' + '\n'.join(rows) + '\n')
        points = [f'epoch_{i:04}.h5,{i},{0.9 - 0.1 * (i / 10000) ** 2},{20000 - i}' for i in range(20, 10001, 20)]
        (run / 'pareto/pareto.csv').write_text('file,epoch,val_accuracy,bops\n' + '\n'.join(points) + '\n')
        begin = time.monotonic()
        hgq('report', run, check=0)
        taken = time.monotonic() - begin
        text, page = self.page(run / 'report.html')
        print(f'10,000 epochs, 500 points: {len(text) / 1000:.0f} kB, {taken:.2f} s', end=' ', flush=True)
        self.assertLess(len(text), 600_000)
        self.assertLess(taken, 5)  # on a busy machine; alone it is well below 1
        self.assertIn('Thinned', ' '.join(page.texts))


if __name__ == '__main__':
    main()
