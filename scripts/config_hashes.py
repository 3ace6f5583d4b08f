#!/usr/bin/env python3
"""The bits of every config in apps/configs: two epochs each, on small data, and the SHA-256 of model.h5 and proxy.h5. A
change of the code that should not change a number prints the same list before and after, on the same machine. Python's
standard library only.

    scripts/config_hashes.py --program build/bin/hgq-train > before.txt
    scripts/config_hashes.py --program build/bin/hgq-train --compare before.txt       exit code 1 where a line differs
"""
import argparse
import array
import contextlib
import gzip
import hashlib
import io
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

import stand_in_data

CONFIGS = pathlib.Path(__file__).resolve().parent.parent / 'apps/configs'
FOLDER = pathlib.Path(tempfile.gettempdir()) / 'hgq_config_hashes'  # a model keeps the paths of its data: always the same
ROWS = {'fashion_mnist': 600, 'svhn_cnn': 600, 'jet_mixer': 600, 'muon': 1200}


def idx(*shape, content):
    return gzip.compress(struct.pack(f'>BBBB{len(shape)}I', 0, 0, 8, len(shape), *shape) + content)


def images(folder, numbers):
    """Bytes as Fashion-MNIST has them: files of IDX."""
    sets = []
    for part in ('inputs', 'test.inputs'):
        rows = ROWS['fashion_mnist']
        (folder / f'{part}.gz').write_bytes(idx(rows, 28, 28, content=numbers.randbytes(rows * 784)))
        labels = part.replace('inputs', 'targets')
        (folder / f'{labels}.gz').write_bytes(idx(rows, content=bytes(numbers.randrange(10) for _ in range(rows))))
        sets += [f'data.{part}.file={folder}/{part}.gz', f'data.{labels}.file={folder}/{labels}.gz']
    return sets


def arrays_of(name, numbers):
    """What stand_in_data.py writes, of random numbers."""
    rows = ROWS[name]

    def labels(classes):
        return '|u1', (rows,), bytes(numbers.randrange(classes) for _ in range(rows))

    if name == 'svhn_cnn':
        return {'x': ('|u1', (rows, 32, 32, 3), numbers.randbytes(rows * 3072)), 'y': labels(10)}
    if name == 'jet_mixer':
        values = array.array('f', (numbers.gauss(0, 1) for _ in range(rows * 1024)))
        return {'x': ('<f4', (rows, 64, 16), values.tobytes()), 'y': labels(5)}
    hits = {f'm{i + 1}': ('|u1', (rows, 50, layers), bytes(b & 1 for b in numbers.randbytes(rows * 50 * layers)))
            for i, layers in enumerate((3, 2, 2))}
    angles = array.array('f', (numbers.uniform(-15, 15) for _ in range(rows)))
    return hits | {'angle': ('<f4', (rows, 1), angles.tobytes())}


def data_for(name, folder):
    """The --set that make a config read small data, none for those whose data are part of the
    repository."""
    numbers = random.Random(name)
    if name == 'fashion_mnist':
        return images(folder, numbers)
    if name not in ROWS:
        return []
    arrays = {key + end: value for end in ('', '_test') for key, value in arrays_of(name, numbers).items()}
    stand_in_data.OUT = folder
    with contextlib.redirect_stdout(io.StringIO()):
        stand_in_data.write(name, arrays)
    return [f'data.file={folder}/{name}.npz']


def hashes_of(program, config, folder):
    command = [program, config, '--out', folder / 'run', '--quiet', '--set', 'train.epochs=2']
    for assignment in data_for(config.stem, folder):
        command += ['--set', assignment]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f'{config}: exit code {run.returncode}\n{run.stderr}')
    for file in ('model.h5', 'proxy.h5'):
        yield f"{hashlib.sha256((folder / 'run' / file).read_bytes()).hexdigest()}  {config.stem}/{file}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', type=pathlib.Path, required=True)
    parser.add_argument('--compare', type=pathlib.Path)
    args = parser.parse_args()
    lines = []
    for config in sorted(CONFIGS.glob('*.yaml')):
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir()
        for line in hashes_of(args.program.resolve(), config, FOLDER):
            print(line, flush=True)
            lines.append(line)
    shutil.rmtree(FOLDER)
    if args.compare:
        before = args.compare.read_text().splitlines()
        changed = [line for line in lines if line not in before]
        print(f'{len(lines) - len(changed)} of {len(before)} files are the same', file=sys.stderr)
        sys.exit(1 if changed or len(lines) != len(before) else 0)


if __name__ == '__main__':
    main()
