#!/usr/bin/env python3
"""apps/examples/custom_layer.cpp as a user runs it: layers, a loss, a metric and a callback of one's own, named in a config,
are checked, trained, killed, resumed, exported, verified, and told by the reference.

    own_kinds_test.py --program build/bin/custom_layer
"""
import argparse
import json
import math
import pathlib
import random
import signal
import subprocess
import tempfile
import time

CONFIG = '''
seed: 4
data: {file: rows.csv, inputs: [a, b, c, d], targets: y, validation: 0.2}
model:
  layers:
    - HQuantize
    - PSelect: {columns: [0, 2, 3]}
    - HGain: {start: 0.5, beta: 1.0e-5}
    - HDense: {units: 12, activation: relu, beta: 1.0e-5}
    - HDense: {units: 1, beta: 1.0e-5}
train:
  epochs: EPOCHS
  batch_size: 64
  optimizer: {Adam: {learning_rate: 5.0e-3}}
  loss: {asinh_mse: {scale: 0.5}}
  metrics: [{within: {tolerance: 0.2}}, mae]
callbacks: [FreeBOPs, ResetMinMax, StopBelowBOPs: {limit: LIMIT, patience: 2}]
'''


def run(program, *arguments, code=0, cwd=None):
    done = subprocess.run([program, *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def write_rows(path, rows):
    random.seed(7)
    with open(path, 'w') as out:
        out.write('a,b,c,d,y\n')
        for _ in range(rows):
            a, b, c, d = (random.uniform(-1, 1) for _ in range(4))
            out.write(f'{a:.5f},{b:.5f},{c:.5f},{d:.5f},{math.sinh(a + 2 * c * d):.5f}\n')


def history(folder):
    lines = (folder / 'history.csv').read_text().splitlines()
    names = lines[0].split(',')
    kept = [i for i, name in enumerate(names) if 'seconds' not in name]
    return [[line.split(',')[i] for i in kept] for line in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--program', required=True)
    program = str(pathlib.Path(parser.parse_args().program).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_rows(folder / 'rows.csv', 1500)

        def config(epochs, limit):
            (folder / 'run.yaml').write_text(CONFIG.replace('EPOCHS', str(epochs)).replace('LIMIT', str(limit)))

        config(60, 1)
        assert 'no errors' in run(program, 'check', 'run.yaml', cwd=folder)
        wrong = run(program, 'check', 'run.yaml', '--set', 'train.loss=asinh_mes', '--set', 'callbacks=[StopBelowBops: {limit: 1}]',
                    code=2, cwd=folder)
        assert "did you mean 'asinh_mse'" in wrong and "did you mean 'StopBelowBOPs'" in wrong, wrong
        wrong = run(program, 'check', 'run.yaml', '--set', 'model.layers.p_select.columns=[7]', code=2, cwd=folder)
        assert "'p_select' (PSelect)" in wrong, wrong

        whole, parts = folder / 'whole', folder / 'parts'
        run(program, 'run.yaml', '--out', str(whole), '--quiet', cwd=folder)
        # Killed once there is a checkpoint, and gone on with.
        begun = subprocess.Popen([program, 'run.yaml', '--out', str(parts), '--quiet', '--checkpoint-seconds', '0'], cwd=folder,
                                 stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not (parts / 'checkpoint.h5').exists() and begun.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        begun.send_signal(signal.SIGKILL)
        begun.wait()
        run(program, 'run.yaml', '--out', str(parts), '--quiet', '--resume', cwd=folder)
        for file in ('model.h5', 'proxy.h5'):
            assert (whole / file).read_bytes() == (parts / file).read_bytes(), file
        assert history(whole) == history(parts)

        summary = json.loads((whole / 'summary.json').read_text())
        assert summary['bops_per_layer']['h_gain'] > 0, summary
        assert 0.5 < summary['model']['within'] <= 1 and summary['model']['loss'] < 0.2, summary
        assert summary['proxy']['within'] == summary['model']['within'], summary
        assert summary['verify']['rows_differ_without_overflow'] == 0, summary
        # What was trained with stands in the model: its loss with its scale, its metric with its tolerance.
        output = run(program, 'eval', str(whole / 'model.h5'), '--data', 'rows.csv', '--json', cwd=folder)
        told, _ = json.JSONDecoder().raw_decode(output)
        assert set(told) == {'loss', 'within', 'mae'}, told
        run(program, 'export', str(whole / 'model.h5'), '--out', 'again.h5', '--overflow', 'sat', cwd=folder)
        run(program, 'verify', 'again.h5', '--against', str(whole / 'model.h5'), '--data', 'rows.csv', cwd=folder)
        reference = run(program, 'reference')
        for word in ('## PSelect', '## HGain', '`asinh_mse`', '`within`', '## StopBelowBOPs', 'numbers of the columns'):
            assert word in reference, word

        config(60, 1e9)
        stopped = run(program, 'run.yaml', '--out', str(folder / 'stopped'), '--quiet', cwd=folder)
        assert 'StopBelowBOPs: bops is' in stopped and len(history(folder / 'stopped')) == 3, stopped
    print('own layer, loss, metric and callback: checked, trained, killed, resumed, exported, verified')


if __name__ == '__main__':
    main()
