#!/usr/bin/env python3
"""Reports in a real browser: headless Chromium at 360, 768 and 1920 pixels, light and dark, says nothing on its console,
nothing is wider than the page, and with the script off the same is there. It speaks the DevTools protocol over pipes; Python's
standard library only. Without Chromium it is skipped (exit code 77).

    browser_test.py --program build/bin/hgq-train --source .
    browser_test.py --pages a.html b.html --screenshots FOLDER      pages that are there; PNG files to look at
    browser_test.py --check-the-test      the same on a page with known faults
"""
import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

WIDTHS = (360, 768, 1920)
SKIPPED = 77
# What overlaps or leaves its drawing, found in the page itself.
FAULTS = '''(() => {
  const faults = [], root = document.scrollingElement;
  if (root.scrollWidth > innerWidth) faults.push(`the page is ${root.scrollWidth} wide`);
  for (const svg of document.querySelectorAll('svg[role=img]')) {
    const outer = svg.getBoundingClientRect(), name = svg.getAttribute('aria-label').slice(0, 40);
    const scale = outer.width / svg.viewBox.baseVal.width;
    if (scale < 0.6) faults.push(`${name}: drawn at ${scale.toFixed(2)}`);
    const texts = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
    for (const [text, box] of texts)
      if (box.left < outer.left - 2 || box.right > outer.right + 2 || box.top < outer.top - 2 || box.bottom > outer.bottom + 2)
        faults.push(`${name}: '${text}' leaves the drawing`);
    for (let i = 0; i < texts.length; ++i)
      for (let j = i + 1; j < texts.length && j < i + 60; ++j) {
        const a = texts[i][1], b = texts[j][1], m = 1.5 * scale;
        if (a.left + m < b.right && b.left + m < a.right && a.top + 2 * m < b.bottom && b.top + 2 * m < a.bottom)
          faults.push(`${name}: '${texts[i][0]}' and '${texts[j][0]}' overlap`);
      }
  }
  return faults;
})()'''
HOVER = '''(() => {
  const svg = document.querySelector('svg[data-x] path[data-name]')?.closest('svg');
  if (!svg) return ['there is no curve'];
  const box = svg.getBoundingClientRect();
  svg.dispatchEvent(new PointerEvent('pointermove', {clientX: box.left + box.width / 2, clientY: box.top + box.height / 2}));
  const tip = svg.closest('figure').querySelector('.tip');
  if (!tip || tip.hidden || !/ \\d+\\n.+ [-\\d.]/.test(tip.textContent)) return [`the tip is '${tip && tip.textContent}'`];
  svg.dispatchEvent(new PointerEvent('pointerleave'));
  const map = document.querySelector('g[data-cells]'), cell = map?.getScreenCTM();
  const over = (column, row) => {
    const at = new DOMPoint(column + 0.5, row + 0.5).matrixTransform(cell);
    map.closest('svg').dispatchEvent(new PointerEvent('pointermove', {clientX: at.x, clientY: at.y}));
    return map.closest('figure').querySelector('.tip');
  };
  const bits = map && parseInt(map.dataset.cells[0], 36);
  if (map && (!over(0, 0).textContent.endsWith(` 0: ${bits} bits`) || !over(-3, 0).hidden)) return [`the map says '${over(0, 0).textContent}'`];
  const button = document.querySelector('th.n button');
  button.click();
  if (button.parentNode.getAttribute('aria-sort') !== 'ascending') return ['a table cannot be sorted'];
  return [];
})()'''


class Browser:
    """Chromium with one page, driven through its pipes 3 and 4."""

    def __init__(self, program, folder):
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()

        def pipes():
            os.dup2(to_browser, 13)
            os.dup2(from_browser, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        self.process = subprocess.Popen(
            [program, '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-pipe',
             f'--user-data-dir={folder}', '--hide-scrollbars', 'about:blank'],
            preexec_fn=pipes, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer, self.number, self.events, self.session = b'', 0, [], None
        target = next(t for t in self.call('Target.getTargets')['targetInfos'] if t['type'] == 'page')
        self.session = self.call('Target.attachToTarget', targetId=target['targetId'], flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')

    def receive(self):
        while b'\0' not in self.buffer:
            piece = os.read(self.read_end, 1 << 20)
            if not piece:
                raise RuntimeError('Chromium ended')
            self.buffer += piece
        message, self.buffer = self.buffer.split(b'\0', 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': parameters}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b'\0')
        while True:
            answer = self.receive()
            if answer.get('id') == self.number:
                if 'error' in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer['result']
            self.events.append(answer)

    def show(self, path, width, scheme, script=True, media=''):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        self.call('Emulation.setEmulatedMedia', media=media, features=[{'name': 'prefers-color-scheme', 'value': scheme}])
        self.call('Emulation.setScriptExecutionDisabled', value=not script)
        self.events = []
        self.call('Page.navigate', url=path.resolve().as_uri())
        while not any(event.get('method') == 'Page.loadEventFired' for event in self.events):
            self.events.append(self.receive())

    def evaluate(self, expression):
        result = self.call('Runtime.evaluate', expression=expression, returnByValue=True)
        if 'exceptionDetails' in result:
            raise RuntimeError(result['exceptionDetails'])
        return result['result'].get('value')

    def said(self):
        """What the page wrote to the console, and what it asked for beside itself."""
        lines = []
        for event in self.events:
            kind, parameters = event.get('method'), event.get('params', {})
            if kind in ('Runtime.consoleAPICalled', 'Runtime.exceptionThrown', 'Log.entryAdded'):
                lines.append(json.dumps(parameters)[:900])
            if kind == 'Network.requestWillBeSent' and not parameters['request']['url'].startswith(('file:', 'data:')):
                lines.append(f"asks for {parameters['request']['url']}")
        return lines

    def screenshot(self, path):
        size = self.call('Page.getLayoutMetrics')['cssContentSize']
        clip = {'x': 0, 'y': 0, 'width': size['width'], 'height': min(size['height'], 16000), 'scale': 1}
        path.write_bytes(base64.b64decode(self.call('Page.captureScreenshot', clip=clip, captureBeyondViewport=True)['data']))

    def close(self):
        try:
            self.call('Browser.close')
        except (RuntimeError, OSError):
            self.process.kill()
        self.process.wait()


def check(browser, page, screenshots):
    faults = []
    for scheme in ('light', 'dark'):
        for width in WIDTHS:
            browser.show(page, width, scheme)
            name = f'{page.parent.name} {width} {scheme}'
            faults += [f'{name}: {fault}' for fault in browser.evaluate(FAULTS)]
            if screenshots:
                browser.screenshot(screenshots / f'{page.parent.name}_{width}_{scheme}.png')
            if width == WIDTHS[-1]:
                faults += [f'{name}: {fault}' for fault in browser.evaluate(HOVER)]
            back = browser.evaluate('getComputedStyle(document.body).backgroundColor')
            is_dark = sum(int(part) for part in back[4:-1].split(',')) < 3 * 128
            if is_dark != (scheme == 'dark'):
                faults.append(f'{name}: the ground is {back}')
            faults += [f'{name}: the console says {line}' for line in browser.said()]
    browser.show(page, 1000, 'light', script=False)
    faults += [f'{page}: without script: {line}' for line in browser.said()]
    if screenshots:
        browser.show(page, 800, 'light', media='print')
        browser.screenshot(screenshots / f'{page.parent.name}_print.png')
    return faults


def trained_pages(program, source, folder):
    """Runs of seconds: a chain, a graph with hostile names, a sweep, one with two outputs."""
    data = pathlib.Path(source).resolve() / 'data/samples/magic.h5'
    chain, graph = folder / 'chain.yaml', folder / 'graph.yaml'
    chain.write_text((pathlib.Path(source) / 'apps/configs/demo.yaml').read_text())
    hostile = '</script><script>console.log(1)</script><img src=x>\'&amp;"'
    graph.write_text(f'''data: {{file: {data}, inputs: {{a: x, b: x}}, targets: y, validation: 0.1}}
model:
  beta: 1.0e-6
  layers:
    - Input: {{name: a}}
    - Input: {{name: b}}
    - HQuantize: {{name: q, inputs: a}}
    - HDense: {{name: left, units: 8, activation: relu}}
    - HQuantize: {{name: q_b, inputs: b}}
    - HDense: {{name: a_layer_with_a_name_that_is_much_too_long_for_its_box, units: 8}}
    - HAdd: {{name: sum, inputs: [left, a_layer_with_a_name_that_is_much_too_long_for_its_box]}}
    - HDense: {{units: 2, name: out}}
train: {{loss: sparse_categorical_crossentropy, metrics: [accuracy], epochs: 3, batch_size: 512}}
''')
    pages = []
    for config, extra in ((chain, ['--set', f'data.file={data}', '--set', 'train.epochs=12']), (graph, [])):
        out = folder / config.stem
        subprocess.run([program, config, '--out', out, '--quiet', '--profile', *extra], capture_output=True, check=True, timeout=300)
        if config == graph:  # names that no config would let through
            table = out / 'history.csv'
            table.write_text(table.read_text().replace('learning_rate', hostile, 1))
            summary = json.loads((out / 'summary.json').read_text())
            summary['model'][hostile] = 1
            summary['notes'] = [hostile]
            summary['verify']['overflows'][hostile] = 3
            (out / 'summary.json').write_text(json.dumps(summary))
            profile = json.loads((out / 'profile.json').read_text())
            profile['operations'][0]['layer'] = profile['operations'][1]['operation'] = profile['phases'][0]['name'] = hostile
            (out / 'profile.json').write_text(json.dumps(profile))
        subprocess.run([program, 'report', out], capture_output=True, check=True, timeout=300)
        pages.append(out / 'report.html')
    return pages + [sweep_page(program, chain, data, folder / 'sweep', hostile), regression_page(program, data, folder / 'regression')]


def sweep_page(program, base, data, folder, hostile):
    """A sweep of six runs of seconds, measured; one has failed, and one has values with hostile text."""
    file = folder.with_suffix('.yaml')
    file.write_text(f'''base: {base}
set: {{data.file: {data}, train.epochs: 3}}
axes: {{model.beta: [1.0e-6, 1.0e-4, 1.0e-3], seed: {{seeds: 2}}}}
objectives: {{maximize: val_accuracy, minimize: bops}}
''')
    subprocess.run([program, 'sweep', file, '--out', folder, '--quiet'], capture_output=True, check=True, timeout=300)
    subprocess.run([program, 'front', folder], capture_output=True, check=True, timeout=300)
    runs = sorted((folder / 'runs').iterdir())
    (runs[0] / 'exit_code').write_text('3\n')
    (runs[0] / 'train.log').write_text(f'hgq-train: error: {hostile}\n')
    (runs[1] / 'values.yaml').write_text(f'model.beta: {json.dumps(hostile)}\nseed: 2\n')
    subprocess.run([program, 'report', folder], capture_output=True, check=True, timeout=300)
    return folder / 'report.html'


def regression_page(program, data, folder):
    """Two outputs: classes, and numbers with residuals."""
    config = folder.with_suffix('.yaml')
    config.write_text(f'''data: {{file: {data}, inputs: x, targets: {{kind: y, number: y}}, scale: standard, validation: 0.1}}
model:
  layers: [HQuantize: {{name: q}}, HDense: {{units: 2, name: kind}}, HDense: {{units: 1, name: number, inputs: q}}]
  outputs: [kind, number]
train: {{loss: {{kind: sparse_categorical_crossentropy, number: mse}}, epochs: 2, batch_size: 512}}
''')
    subprocess.run([program, config, '--out', folder, '--quiet'], capture_output=True, check=True, timeout=300)
    return folder / 'report.html'


BAD = '''<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"/><title>bad</title><style>body{margin:0;background:#fff}</style></head>
<body><div style="width:2500px">wide</div><figure><svg role="img" aria-label="Bad figure of a test" viewBox="0 0 200 100" width="200">
<text x="20" y="50">first label</text><text x="30" y="52">second label</text><text x="190" y="20">outside of it</text></svg></figure>
<img src="http://127.0.0.1:9/none.png" alt=""/><script>console.log('said'); nothing.here();</script></body></html>'''


def check_the_test(chromium, folder):
    """All of the faults of a bad page are found."""
    page = folder / 'bad' / 'bad.html'
    page.parent.mkdir()
    page.write_text(BAD)
    browser = Browser(chromium, folder / 'profile')
    try:
        found = '\n'.join(check(browser, page, None))
    finally:
        browser.close()
    expected = ('the page is 2500 wide', "'first label' and 'second label' overlap", "'outside of it' leaves the drawing", 'said',
                'nothing is not defined', 'asks for http://127.0.0.1:9/none.png', 'there is no curve', '1920 dark: the ground is')
    missed = [word for word in expected if word not in found]
    print(f'missed: {missed} in\n{found}' if missed else 'all faults of the bad page are found')
    return 1 if missed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', type=pathlib.Path)
    parser.add_argument('--source', type=pathlib.Path)
    parser.add_argument('--pages', type=pathlib.Path, nargs='+')
    parser.add_argument('--screenshots', type=pathlib.Path)
    parser.add_argument('--check-the-test', action='store_true')
    args = parser.parse_args()
    chromium = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
    if chromium is None:
        print('skipped: there is no Chromium here (Debian: apt-get install chromium)')
        return SKIPPED
    if args.screenshots:
        args.screenshots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='hgq_browser_') as name:
        folder = pathlib.Path(name)
        if args.check_the_test:
            return check_the_test(chromium, folder)
        pages = args.pages or trained_pages(args.program.resolve(), args.source, folder)
        browser = Browser(chromium, folder / 'profile')
        try:
            faults = [fault for page in pages for fault in check(browser, page, args.screenshots)]
        finally:
            browser.close()
    print('\n'.join(faults) if faults else f'{len(pages)} pages, {len(WIDTHS)} widths, light and dark: nothing to tell')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
