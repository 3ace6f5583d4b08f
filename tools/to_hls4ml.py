#!/usr/bin/env python3
"""Makes an hls4ml project of a proxy, and checks that its C simulation gives the bits that hgq gives.

    python3 -m venv venv && venv/bin/pip install 'hls4ml==1.3.0' h5py      # no TensorFlow; g++ on the PATH

    build/bin/hgq-train predict runs/magic/proxy.h5 --data apps/configs/data/magic.h5 --inputs x_test --out check.h5 --with-inputs
    venv/bin/python tools/to_hls4ml.py runs/magic/proxy.h5 --project prj --check check.h5

hls4ml computes softmax from tables; a network that ends in one agrees with `hgq-train predict ... --softmax-table 4096`. --check takes
several files; the C simulation is compiled once. What hls4ml computes in its own way, and what it cannot read: docs/hls4ml.md.

Without --check it makes the project and compiles nothing. With it every value of every row is compared with ==; the exit code is 0
where all are equal, 1 where one differs, 2 where hls4ml could not read, compile or run the model.
"""
import argparse
import contextlib
import io
import json
import os
import pathlib
import re
import sys
import warnings

import h5py
import numpy as np


def read_config(proxy):
    """The layers of a proxy, and the names of its inputs."""
    with h5py.File(proxy, 'r') as file:
        text = file.attrs['model_config']
    config = json.loads(text.decode() if isinstance(text, bytes) else text)['config']
    inputs = config['input_layers']
    return config['layers'], [inputs[0]] if isinstance(inputs[0], str) else [entry[0] for entry in inputs]


def read_arrays(path, inputs):
    """x and y as `hgq-train predict --with-inputs` writes them: one array, or a group of several."""
    with h5py.File(path, 'r') as file:
        if 'x' not in file:
            sys.exit(f'{path}: holds no inputs; write it with hgq-train predict ... --with-inputs')
        x, y = file['x'], file['y']
        x = [x[()]] if isinstance(x, h5py.Dataset) else [x[name][()] for name in inputs]
        y = [y[()]] if isinstance(y, h5py.Dataset) else [y[name][()] for name in sorted(y, key=int)]
    return x, y


def softmax_layers(layers):
    return [layer['config']['name'] for layer in layers if layer['config'].get('activation') == 'softmax']


def softmax_settings(entries):
    """hls4ml's softmax as `hgq-train predict --softmax-table` computes it: the sum's type would else be the model's default precision, and
    the table of 1/sum so small that only the whole part of the sum counts."""
    return {'Precision': {'accum': 'ap_fixed<18,8,RND,SAT>'}, 'InvTableSize': entries}


def make_project(proxy, layers, arguments):
    import hls4ml

    # The proxy fixes every width; this precision is for what no quantizer reaches, and fails loudly if anything does.
    settings = {'Model': {'Precision': 'fixed<1,0>', 'ReuseFactor': 1, 'Strategy': arguments.strategy}}
    settings['LayerName'] = {name: softmax_settings(arguments.softmax_table) for name in softmax_layers(layers)}
    config = {'KerasH5': str(proxy), 'OutputDir': str(arguments.project), 'ProjectName': arguments.name, 'Backend': arguments.backend,
              'IOType': arguments.io_type, 'ClockPeriod': arguments.clock_period, 'HLSConfig': settings}
    if arguments.part:
        config['Part'] = arguments.part
    project = hls4ml.converters.keras_v2_to_hls(config)
    project.write()
    return project


def simulate(project, arguments, x):
    """The C simulation's outputs, an array of rows for each."""
    script = pathlib.Path(arguments.project) / 'build_lib.sh'
    script.write_text(re.sub(r'-O\d', arguments.optimize, script.read_text()))
    folder = os.getcwd()
    try:
        project._compile()  # as compile(), which would write the project once more
    finally:
        os.chdir(folder)
    return predict(project, x)


def predict(project, x):
    """The same, once it is compiled."""
    x = [np.ascontiguousarray(array, np.float32) for array in x]
    y = project.predict(x if len(x) > 1 else x[0])
    return [np.asarray(array, np.float32) for array in (y if isinstance(y, list) else [y])]


def compare(simulated, expected):
    """Prints what differs; whether all is equal."""
    rows = len(expected[0])
    different = np.zeros(rows, bool)
    values = 0
    largest = 0.0
    for number, (theirs, ours) in enumerate(zip(simulated, expected, strict=True)):
        theirs, ours = theirs.reshape(rows, -1), ours.reshape(rows, -1)
        wrong = theirs != ours
        values += int(wrong.sum())
        different |= wrong.any(1)
        if wrong.any():
            largest = max(largest, float(np.abs(theirs - ours).max()))
            row, element = np.argwhere(wrong)[0]
            print(f'output {number}, row {row}, element {element}: hls4ml {theirs[row, element]}, hgq {ours[row, element]}')
    print(f'{rows} rows: {int(different.sum())} differ, in {values} values' + (f', by {largest} at most' if values else ''))
    return values == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('proxy', type=pathlib.Path)
    parser.add_argument('--project', required=True, type=pathlib.Path, help='folder to write')
    parser.add_argument('--check', metavar='FILE', nargs='+', help='from hgq-train predict --with-inputs')
    parser.add_argument('--name', default='hgq_model', help='of the firmware\'s top function; %(default)s')
    parser.add_argument('--backend', default='Vitis', help='%(default)s, or Vivado, oneAPI, Quartus, Catapult')
    parser.add_argument('--part', help='of the FPGA; hls4ml\'s default if not given')
    parser.add_argument('--clock-period', type=float, default=5, help='in ns; %(default)s')
    parser.add_argument('--io-type', default='io_parallel', choices=['io_parallel', 'io_stream'])
    parser.add_argument('--strategy', default='latency', choices=['latency', 'resource', 'distributed_arithmetic'])
    parser.add_argument('--softmax-table', type=int, default=4096, help='entries of the tables of a softmax, a power of two; %(default)s')
    parser.add_argument('--optimize', default='-O3', help='of the C simulation; -O1 compiles large models sooner')
    parser.add_argument('--verbose', action='store_true', help='show what hls4ml prints')
    arguments = parser.parse_args()
    layers, inputs = read_config(arguments.proxy)
    checks = [read_arrays(path, inputs) for path in arguments.check or []]
    log = io.StringIO()
    quiet = contextlib.nullcontext() if arguments.verbose else contextlib.redirect_stdout(log)
    try:
        with quiet, warnings.catch_warnings():
            if not arguments.verbose:
                warnings.simplefilter('ignore')
            project = make_project(arguments.proxy, layers, arguments)
            simulated = [predict(project, x) if number else simulate(project, arguments, x) for number, (x, _) in enumerate(checks)]
    except Exception as error:
        print(log.getvalue()[-2000:], file=sys.stderr)
        print(f'{arguments.proxy}: hls4ml failed: {type(error).__name__}: {error}', file=sys.stderr)
        return 2
    print(f'{arguments.project}: a project of {len(layers)} layers')
    if all([compare(theirs, ours) for theirs, (_, ours) in zip(simulated, checks)]):
        return 0
    if softmax_layers(layers):
        print(f'hls4ml computes softmax from tables: predict with --softmax-table {arguments.softmax_table} does as well')
    return 1


if __name__ == '__main__':
    sys.exit(main())
