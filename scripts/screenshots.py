#!/usr/bin/env python3
"""Makes the pictures in docs/images anew: parts of the reports of apps/configs/demo.yaml, and of the sweep of
docs/choosing-tutorial.md, in headless Chromium.

    screenshots.py --program build/bin/hgq-train [--out docs/images]

The pictures have a palette of 256 colours, so that they are small. Needs Chromium (scripts/setup.sh --browser); Python's
standard library only.
"""
import argparse
import base64
import collections
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

SOURCE = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SOURCE / 'tests/report'))
from browser_test import Browser  # noqa: E402

WIDTH = 1200
# report: pictures of it, each with the first and the last element that it shows, as CSS selectors
PICTURES = {'demo': {'front': ('h1', '#front .pair'), 'network': ('#network', '#layers .figures')}, 'sweep': {'sweep': ('h1', '#front .pair')}}
BOX = '''(() => [document.querySelector('FIRST').getBoundingClientRect().top, document.querySelector('LAST').getBoundingClientRect().bottom])()'''


def pixels_of(png):
    """(width, height, rows of (red, green, blue)) of a PNG file as Chromium writes it: 8 bits, not interlaced."""
    at, packed = 8, b''
    while at < len(png):
        size, kind = struct.unpack('>I4s', png[at:at + 8])
        body = png[at + 8:at + 8 + size]
        if kind == b'IHDR':
            width, height, _, colour = struct.unpack('>IIBB', body[:10])
        packed += body if kind == b'IDAT' else b''
        at += size + 12
    step = {2: 3, 6: 4}[colour]
    data, stride, before, rows = zlib.decompress(packed), width * step, bytearray(width * step), []
    for y in range(height):
        kind, line = data[y * (stride + 1)], bytearray(data[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride) if kind else ():
            left, up = (line[i - step] if i >= step else 0), before[i]
            if kind == 4:  # Paeth
                corner = before[i - step] if i >= step else 0
                guess = left + up - corner
                add = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
            else:
                add = (left, up, (left + up) // 2)[kind - 1]
            line[i] = (line[i] + add) & 255
        before = line
        rows.append(list(zip(line[0::step], line[1::step], line[2::step])))
    return width, height, rows


def with_palette(png):
    """The same picture with the 256 most frequent colours; others become the nearest of these."""
    width, height, rows = pixels_of(png)
    counts = collections.Counter(pixel for row in rows for pixel in row)
    palette = [colour for colour, _ in counts.most_common(256)]
    index = {colour: number for number, colour in enumerate(palette)}
    for colour in counts:
        if colour not in index:
            index[colour] = min(range(len(palette)), key=lambda n: sum((a - b) ** 2 for a, b in zip(palette[n], colour)))
    raw = b''.join(b'\0' + bytes(index[pixel] for pixel in row) for row in rows)

    def chunk(kind, body):
        return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))

    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 3, 0, 0, 0))
            + chunk(b'PLTE', bytes(sum(palette, ()))) + chunk(b'IDAT', zlib.compress(raw, 9)) + chunk(b'IEND', b''))


def make_runs(program, folder):
    """The demo, and the sweep of the tutorial with its models measured."""
    def call(*words):
        subprocess.run([program.resolve(), *words], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    call(SOURCE / 'apps/configs/demo.yaml', '--set', 'callbacks.CalibratedBOPs.every=2', '--out', 'demo', '--quiet')
    (folder / 'data').symlink_to(SOURCE / 'data')
    page = (SOURCE / 'docs/choosing-tutorial.md').read_text()
    for name, text in re.findall(r'^```yaml file=(\S+)\n(.*?)^```$', page, re.M | re.S):
        (folder / name).write_text(text)
    call('sweep', 'sweep.yaml', '--out', 'sweep', '--quiet')
    call('front', 'sweep')
    call('report', 'sweep')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', type=pathlib.Path, required=True)
    parser.add_argument('--out', type=pathlib.Path, default=SOURCE / 'docs/images')
    args = parser.parse_args()
    chromium = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
    if chromium is None:
        return 'there is no Chromium here (Debian: apt-get install chromium)'
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='hgq_pictures_') as name:
        make_runs(args.program, pathlib.Path(name))
        browser = Browser(chromium, pathlib.Path(name) / 'profile')
        try:
            pictures = [(report, *item) for report, parts in PICTURES.items() for item in parts.items()]
            for report, picture, (first, last) in pictures:
                browser.show(pathlib.Path(name) / report / 'report.html', WIDTH, 'light')
                top, bottom = browser.evaluate(BOX.replace('FIRST', first).replace('LAST', last))
                clip = {'x': 0, 'y': top - 12, 'width': WIDTH, 'height': bottom - top + 24, 'scale': 1}
                shot = browser.call('Page.captureScreenshot', clip=clip, captureBeyondViewport=True)['data']
                path = args.out / f'{picture}.png'
                path.write_bytes(with_palette(base64.b64decode(shot)))
                print(f'{path}: {path.stat().st_size / 1000:.0f} kB')
        finally:
            browser.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
