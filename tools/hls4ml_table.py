#!/usr/bin/env python3
"""Does hls4ml's C simulation give the bits that hgq gives? A table of layers and functions, wrapping and saturating, on rows in range and
beyond it.

    venv/bin/python tools/hls4ml_table.py --program build/bin/hgq-train [--groups vector,series,image,graph] [--only TEXT] [--markdown FILE]

Each group is one network with a branch for each case, trained a little, traced, and exported twice (--overflow wrap and sat); rows beyond
the range are those in it times 4. 'equal' is every value of every row; else the number of rows that differ, and what hgq-train says of it.
The exit code is 0 where nothing differs, or is refused by hls4ml, without a word of the export; 1 else. The environment is that of
tools/to_hls4ml.py.
"""
import argparse
import contextlib
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np

import to_hls4ml
from hls4ml_cases import ALONE, GROUPS

ROWS = 300


def windows(extent, size, stride, padding):
    return -(-extent // stride) if padding != 'valid' else (extent - size) // stride + 1


def output_shape(kind, keys, inputs):
    """Of a sample, as Keras counts."""
    shape = list(inputs[0])
    if kind.startswith('HDense'):
        return [*shape[:-1], keys['units']]
    if 'Conv' in kind or 'Pooling' in kind:
        rank = len(shape) - 1
        pools = 'Pooling' in kind
        size = keys['pool_size'] if pools else keys['kernel_size']
        sizes = size if isinstance(size, list) else [size] * rank
        stride = keys.get('strides', sizes if pools else 1)
        strides = stride if isinstance(stride, list) else [stride] * rank
        sizes = [(s - 1) * keys.get('dilation_rate', 1) + 1 for s in sizes]
        channels = shape[-1] if pools else keys['filters']
        return [windows(*given, keys.get('padding', 'valid')) for given in zip(shape, sizes, strides)] + [channels]
    if kind.startswith('PZeroPadding'):
        rank = len(shape) - 1
        padding = keys['padding']
        if isinstance(padding, int):
            padding = [[padding, padding]] * rank
        elif rank == 1:
            padding = [padding]
        elif isinstance(padding[0], int):
            padding = [[p, p] for p in padding]
        return [extent + sum(sides) for extent, sides in zip(shape, padding)] + shape[rank:]
    if kind == 'PReshape':
        known = int(np.prod([d for d in keys['target_shape'] if d > 0]))
        return [d if d > 0 else int(np.prod(shape)) // known for d in keys['target_shape']]
    if kind == 'PFlatten':
        return [int(np.prod(shape))]
    if kind == 'PPermute':
        return [shape[d - 1] for d in keys['dims']]
    if kind == 'PConcatenate':
        axis = keys.get('axis', -1)
        axis -= axis > 0
        shape[axis] = sum(part[axis] for part in inputs)
    return shape


class Branch:
    """A case as layers of a config, each named after it: c3_0, c3_1 ... `known`: shapes of what it can read."""

    def __init__(self, number, layers, known):
        self.entries, self.shapes, self.kinds, self.names = [], dict(known), {}, {}
        self.mark = f'c{number}'
        if isinstance(layers[0], tuple):
            for name, layer, reads in layers:
                self.names[name] = self.add(layer, [self.names.get(i, i) for i in reads])
            last, reads = layers[-1][1], [self.names[layers[-1][0]]]
        else:
            reads = ['in_x']
            for layer in layers:
                reads = [self.add(part, reads) for part in layer['ways']] if 'ways' in layer else [self.add(layer, reads)]
            last = layers[-1]
        if next(iter(last)).startswith('P'):  # gives the bits of what it reads; a quantizer behind shows the values
            reads = [self.add({'HQuantize': {'paq_conf': {'init_bw': 5}}}, reads)]
        self.output, = reads

    def add(self, layer, inputs):
        (kind, keys), = layer.items()
        name = f'{self.mark}_{len(self.entries)}'
        if kind == 'Shared':
            shared = self.names[keys['layer']]
            self.entries.append({kind: {'layer': shared, 'name': name, 'inputs': inputs}})
            kind, keys = self.kinds[shared]
        else:
            self.entries.append({kind: {**keys, 'name': name, 'inputs': inputs}})
        self.kinds[name] = kind, keys
        self.shapes[name] = output_shape(kind, keys, [self.shapes[i] for i in inputs])
        return name


def run(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Network:
    """Cases that are branches of one network."""

    def __init__(self, arguments, folder, inputs, cases):
        self.arguments, self.folder, self.cases = arguments, folder, list(cases)
        known = {**inputs, **{f'in_{name}': shape for name, shape in inputs.items()}}
        self.branches = [Branch(i, layers, known) for i, layers in enumerate(cases.values())]
        self.outputs = [branch.output for branch in self.branches]
        read = {name for branch in self.branches for entry in branch.entries for keys in entry.values() for name in keys['inputs']}
        self.inputs = {name: shape for name, shape in inputs.items() if name in read or f'in_{name}' in read}
        folder.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(7)
        data = {name: random.normal(0, 1, (ROWS, *shape)).astype(np.float32) for name, shape in self.inputs.items()}
        if 'quarters' in data:
            data['quarters'] = np.round(4 * data['quarters']) / 4
        far = {f'far_{name}': 4 * values for name, values in data.items()}
        targets = {b.output: random.normal(0, 1, (ROWS, *b.shapes[b.output])).astype(np.float32) for b in self.branches}
        np.savez(folder / 'data.npz', **data, **far, **targets)
        quantizer = {'init_bw': 3, 'regularizer': {'MonoL1': 1e-3}}
        # A stream has one type for all values: hls4ml refuses quantizers with a width for each element.
        shares = {'skip_dims': 'all'} if arguments.io_type == 'io_stream' else {}
        layers = [{'Input': {'name': name}} for name in self.inputs]
        layers += [{'HQuantize': {'name': f'in_{name}', 'inputs': [name], 'paq_conf': {'init_bw': 3}}} for name in self.inputs
                   if f'in_{name}' in read]
        for branch in self.branches:
            layers += branch.entries
        config = {'seed': 5,
                  'data': {'file': 'data.npz', 'inputs': {name: name for name in self.inputs},
                           'targets': {name: name for name in self.outputs}},
                  'model': {'kernel_quantizer': quantizer, 'activation_quantizer': {**quantizer, **shares}, 'beta': 1e-6, 'layers': layers,
                            'outputs': self.outputs},
                  'train': {'loss': 'mse', 'optimizer': {'Adam': {'learning_rate': 0.03}}, 'batch_size': 50, 'epochs': 12}}
        (folder / 'config.yaml').write_text(json.dumps(config))

    def said(self, text):
        """For each case the first line of hgq-train that names one of its layers."""
        lines = [re.sub(r'^hgq-train: (note: |warning: )?', '', line) for line in text.splitlines()]
        return [next((line for line in lines if re.search(rf"'{b.mark}_\d", line)), '') for b in self.branches]

    def results(self):
        """{case: {'wrap': (rows in range that differ, rows beyond), 'sat': ..., 'said': a line}}; a text instead of the numbers where
        there are none."""
        table = {case: {} for case in self.cases}
        program = self.arguments.program
        code, trained = run(program, self.folder / 'config.yaml', '--out', self.folder / 'run', '--quiet')
        model = self.folder / 'run' / 'model.h5'
        if not model.exists():
            sys.exit(f'{self.folder}: hgq-train failed ({code}): {trained}')
        for mode in ('wrap', 'sat'):
            proxy = self.folder / f'{mode}.h5'
            code, text = run(program, 'export', model, '--out', proxy, '--overflow', mode)
            for case, line in zip(self.cases, self.said(trained + text)):
                table[case]['said'] = table[case].get('said') or line
            found = self.simulate(proxy, mode) if code == 0 else 'hgq refuses'
            for number, case in enumerate(self.cases):
                table[case][mode] = found if isinstance(found, str) else tuple(rows[number] for rows in found)
        return table

    def simulate(self, proxy, mode):
        """Rows that differ, of each output, for the rows in range and beyond; a text where hls4ml cannot."""
        layers, inputs = to_hls4ml.read_config(proxy)
        settings = argparse.Namespace(project=self.folder / f'project_{mode}', name='table', backend=self.arguments.backend, part=None,
                                      clock_period=5, io_type=self.arguments.io_type, strategy='latency', softmax_table=4096,
                                      optimize=self.arguments.optimize)
        different = []
        try:
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter('ignore')
                project = to_hls4ml.make_project(proxy, layers, settings)
                for rows in ('', 'far_'):
                    check = self.folder / f'{mode}_{rows}rows.h5'
                    arrays = ','.join(f'{name}={rows}{name}' for name in self.inputs)
                    code, text = run(self.arguments.program, 'predict', proxy, '--data', self.folder / 'data.npz', '--inputs', arrays, '--out',
                                     check, '--with-inputs', '--softmax-table', 4096)
                    if code != 0:
                        raise RuntimeError(text)
                    x, y = to_hls4ml.read_arrays(check, inputs)
                    simulated = to_hls4ml.simulate(project, settings, x) if not different else to_hls4ml.predict(project, x)
                    different.append([int((a.reshape(ROWS, -1) != b.reshape(ROWS, -1)).any(1).sum())
                                      for a, b in zip(simulated, y, strict=True)])
        except Exception as error:
            return f'hls4ml refuses: {type(error).__name__}: {str(error).splitlines()[0][:80] if str(error) else ""}'
        return different


def cell(found):
    if isinstance(found, str):
        return found
    return 'equal' if found == (0, 0) else f'{found[0]} of {ROWS} differ, {found[1]} beyond the range'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True, help='hgq-train')
    parser.add_argument('--groups', default=','.join(GROUPS), help='%(default)s')
    parser.add_argument('--only', default='', help='cases in whose name this regular expression is found')
    parser.add_argument('--alone', action='store_true', help='a network for each case, to find the one at which hls4ml fails')
    parser.add_argument('--io-type', default='io_parallel', choices=['io_parallel', 'io_stream'],
                        help='%(default)s; with io_stream all quantizers of activations have one width, and each case needs --alone')
    parser.add_argument('--backend', default='Vitis', help='%(default)s')
    parser.add_argument('--optimize', default='-O0', help='of the C simulation; %(default)s compiles soonest')
    parser.add_argument('--folder', type=pathlib.Path, help='to keep the files in; else they are removed')
    parser.add_argument('--markdown', type=pathlib.Path, help='file to write the table to')
    arguments = parser.parse_args()
    lines = ['| case | wrap | saturate | what hgq-train says |', '| --- | --- | --- | --- |']
    unsaid = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or pathlib.Path(temporary)
        for group in arguments.groups.split(','):
            inputs, cases = GROUPS[group]
            cases = {name: layers for name, layers in cases.items() if re.search(arguments.only, name)}
            together = {} if arguments.alone else {name: layers for name, layers in cases.items() if name not in ALONE}
            networks = [together] if together else []
            networks += [{name: layers} for name, layers in cases.items() if name not in together]
            table = {}
            for number, network in enumerate(networks):
                table |= Network(arguments, folder / f'{group}{number}', inputs, network).results()
            for case in cases:
                row = table[case]
                wrap, sat = cell(row['wrap']), cell(row['sat'])
                said = re.sub(r"'c\d+_\d+", "'...", row['said']) if (wrap, sat) != ('equal', 'equal') else ''
                if (wrap, sat) != ('equal', 'equal') and not row['said']:
                    unsaid += 1
                    said = '**nothing**'
                lines.append(f'| {case} | {wrap} | {sat} | {said} |')
                print(lines[-1], flush=True)
    if arguments.markdown:
        arguments.markdown.write_text('\n'.join(lines) + '\n')
    print(f'{len(lines) - 2} cases, {unsaid} that differ or are refused without a word')
    return 1 if unsaid else 0


if __name__ == '__main__':
    sys.exit(main())
