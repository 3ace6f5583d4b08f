#!/usr/bin/env python3
"""Makes the seeds in corpus/ anew, but for those that a finding left there (named crash-, hang-, memory-).

    make_corpus.py --program build/bin/hgq-train        (needs h5py and numpy)
"""
import argparse
import io
import json
import pathlib
import subprocess
import tempfile

import h5py
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / 'golden/models'


def write(target, name, content):
    path = HERE / 'corpus' / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def array(dataset):
    """The first values stand for all: what is mutated is the structure."""
    values = np.asarray(dataset[()])
    some = [float(v) if np.isfinite(v) else 3e38 for v in values.ravel()[:6]]
    return {'shape': list(values.shape), 'int8': values.dtype == np.int8, 'values': some}


def keras_document(path):
    with h5py.File(path) as file:
        layers = []
        for layer in file['model_weights'].attrs['layer_names']:
            group = file['model_weights'][text(layer)]
            weights = [{'name': text(name), **array(group[text(name)])} for name in group.attrs['weight_names']]
            layers.append({'layer': text(layer), 'weights': weights})
        document = {'model_config': json.loads(file.attrs['model_config']), 'layers': layers}
        if 'hgq' in file:
            document['hgq'] = hgq_group(file['hgq'])
        return document


def hgq_group(group):
    out = {}
    for name, value in group.attrs.items():
        if name == 'checksum':
            continue
        value = text(value) if isinstance(value, (bytes, str)) else value
        if isinstance(value, str):
            out[name] = {'json': json.loads(value)}
        elif isinstance(value, np.ndarray):
            out[name] = [text(v) for v in value.ravel()] if value.size else []
        else:
            out[name] = int(value) if isinstance(value, np.integer) else float(value)
    for name, child in group.items():
        out[name] = hgq_group(child) if isinstance(child, h5py.Group) else array(child)
    return out


CONFIG = '''seed: 3
data: {{file: {data}, inputs: {inputs}, targets: {targets}, scale: {scale}, csv: {{header: true}}}}
model:
  beta: 1.0e-6
  layers: {layers}
train: {{loss: {loss}, metrics: {metrics}, epochs: 1, batch_size: 8}}
callbacks: [ResetMinMax, FreeBOPs]
export: {{unary_lut_max_table_size: 2048}}
'''
LAYERS = {
    'dense': ('[HQuantize: {name: q}, HDense: {units: 3, activation: relu}, HDense: {units: 2}, HActivation: {activation: softmax}]',
              'sparse_categorical_crossentropy', '[accuracy]'),
    'nested': ('[HQuantize: {name: q}, NestedModel: {name: block, layers: [HDense: {units: 3}, HDenseBatchNorm: {units: 3, name: last}]}, '
               'Shared: {layer: block, name: again, inputs: block}, HDense: {units: 1}]'.replace('units: 3', 'units: 4'), 'mse', '[mae]'),
    'conv': ('[HQuantize: {name: q}, PReshape: {target_shape: [2, 2, 1]}, HConv2D: {filters: 2, kernel_size: 2, padding: same}, '
             'PMaxPooling2D: {pool_size: 2}, PFlatten, HActivation: {activation: "x*sigmoid(x)"}, HDense: {units: 1}]', 'mse', '[]'),
}


def models(program, folder):
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(40, 4))
    lines = ['a,b,c,d,label'] + [','.join(f'{v:.3f}' for v in row) + f',{int(row.sum() > 0)}' for row in rows]
    data = folder / 'rows.csv'
    data.write_text('\n'.join(lines) + '\n')
    for name, (layers, loss, metrics) in LAYERS.items():
        config = CONFIG.format(data=data, inputs='[a, b, c, d]', targets='label', scale='standard', layers=layers, loss=loss, metrics=metrics)
        (folder / f'{name}.yaml').write_text(config)
        out = folder / name
        subprocess.run([program, folder / f'{name}.yaml', '--out', out, '--quiet'], check=True, stdout=subprocess.DEVNULL)
        for file in ('model', 'proxy'):
            if (out / f'{file}.h5').exists():
                write('model_file', f'{name}_{file}.json', json.dumps(keras_document(out / f'{file}.h5')))
        write('config', f'{name}.yaml', config.replace(str(data), 'rows.csv'))
    write('proxy', 'own_dense.json', json.dumps(keras_document(folder / 'dense/proxy.h5')))


RTL_LAYERS = {
    'conv': '[HQuantize: {name: q}, PReshape: {target_shape: [4, 1]}, HConv1D: {filters: 2, kernel_size: 2, padding: same, activation: relu}, '
            'PMaxPooling1D: {pool_size: 2}, PFlatten, HDense: {units: 1}]',
    'pools': '[HQuantize: {name: q}, PReshape: {target_shape: [2, 2, 1]}, HConv2D: {filters: 2, kernel_size: 2, padding: same}, '
             'PAveragePooling2D: {pool_size: 2}, PFlatten, HActivation: {activation: tanh}, HDense: {units: 1}]',
    'paths': '[HQuantize: {name: q}, HDense: {units: 3, name: a, inputs: q, activation: relu}, HDense: {units: 3, name: b, inputs: q}, '
             'HAdd: {name: c, inputs: [a, b]}, PConcatenate: {name: d, inputs: [c, a]}, HActivation: {activation: sigmoid, inputs: d}, HDense: {units: 2}]',
}


def circuits(program, folder):
    """Proxies of other layers than the golden ones, for circuits."""
    for name, layers in RTL_LAYERS.items():
        config = CONFIG.format(data=folder / 'rows.csv', inputs='[a, b, c, d]', targets='label', scale='standard', layers=layers,
                               loss='sparse_categorical_crossentropy' if name == 'paths' else 'mse', metrics='[]')
        (folder / f'rtl_{name}.yaml').write_text(config)
        subprocess.run([program, folder / f'rtl_{name}.yaml', '--out', folder / f'rtl_{name}', '--quiet'], check=True, stdout=subprocess.DEVNULL)
        write('rtl', f'{name}.json', json.dumps(keras_document(folder / f'rtl_{name}/proxy.h5')))


def golden():
    for case in ('unary_fn', 'mlp_relu'):
        write('rtl', f'{case}.json', json.dumps(keras_document(GOLDEN / case / 'proxy_wrap.h5')))
    for case in ('softmax_out', 'jsc_bn', 'mixer', 'sigmoid_out'):
        write('keras_model', f'{case}.json', json.dumps(keras_document(GOLDEN / case / 'hgq.h5')))
        write('proxy', f'{case}.json', json.dumps(keras_document(GOLDEN / case / 'proxy_sat.h5')))


def keras_zips():
    for name in ('keras_2', 'keras_3'):
        write('keras_zip', f'{name}.keras', (HERE.parent / f'layers/files/{name}.keras').read_bytes())


def small_h5(fill):
    buffer = io.BytesIO()
    with h5py.File(buffer, 'w', libver='earliest') as file:
        fill(file)
    return buffer.getvalue()


def small_keras(source):
    def fill(file):
        with h5py.File(source) as old:
            config = json.loads(old.attrs['model_config'])
            for name, value in old.attrs.items():
                file.attrs[name] = json.dumps(config, separators=(',', ':')) if name == 'model_config' else value
            old.copy('model_weights', file)
    return small_h5(fill)


def h5_files(folder):
    def plain(file):
        file['x'] = np.arange(12, dtype='f4').reshape(6, 2)
        file['y'] = np.arange(6, dtype='i1')

    def packed(file):
        x = np.arange(64, dtype='>i2').reshape(16, 4)
        file.create_dataset('x', data=x, chunks=(4, 4), compression='gzip', shuffle=True)
        file.create_dataset('y', data=x[:, 0], chunks=(8,), compression='lzf', fletcher32=True)
        file.create_dataset('group/x', data=x.astype('f2'), chunks=(16, 1), maxshape=(None, 4))

    def others(file):
        file['table'] = np.array([(1, 2.5, [1, 2])] * 5, dtype=[('a', 'u1'), ('b', 'f8'), ('c', 'i4', 2)])
        file.create_dataset('labels', data=['gamma', 'hadron', 'gamma'], dtype=h5py.string_dtype())
        file['y'] = np.array([b'ab', b'c'], dtype='S4')
        file['x'] = h5py.SoftLink('/table')
        file['link'] = h5py.ExternalLink('none.h5', '/x')
        file.attrs['names'] = np.array(['a', 'bc'], dtype=object)

    for name, fill in (('plain', plain), ('packed', packed), ('others', others)):
        write('h5_data', f'{name}.h5', small_h5(fill))
    write('h5_model', 'python.h5', small_keras(GOLDEN / 'softmax_out/hgq.h5'))
    write('h5_model', 'proxy.h5', small_keras(GOLDEN / 'softmax_out/proxy_sat.h5'))
    write('h5_model', 'own.h5', (folder / 'dense/model.h5').read_bytes())


def arrays():
    def npy(values, **keys):
        buffer = io.BytesIO()
        np.save(buffer, values, **keys)
        return buffer.getvalue()

    x = np.arange(12, dtype='f4').reshape(3, 4)
    write('arrays', 'f4.npy', npy(x))
    write('arrays', 'fortran.npy', npy(np.asfortranarray(x.astype('>f8'))))
    write('arrays', 'text.npy', npy(np.array(['gamma', 'p'])))
    write('arrays', 'bytes.npy', npy(np.array([b'ab', b'c'])))
    write('arrays', 'half.npy', npy(x.astype('f2')))
    for name, save in (('stored', np.savez), ('packed', np.savez_compressed)):
        buffer = io.BytesIO()
        save(buffer, x=x, y=np.arange(3))
        write('arrays', f'{name}.npz', buffer.getvalue())
    write('arrays', 'bytes.idx', b'\0\0\x08\x02\0\0\0\x02\0\0\0\x03' + bytes(range(6)))
    import gzip
    write('arrays', 'floats.idx.gz', gzip.compress(b'\0\0\x0d\x01\0\0\0\x02' + np.array([1, 2], '>f4').tobytes(), mtime=0))


def csv():
    for name, content in {
            'comma': '\0a,b,c\n1,2,3\n4,5e-3,-6\n', 'semicolon': '\1"x;1";y\r\n1;2\r\n3;4\r\n', 'blank': '\7# pt eta\n1 2\n 3  4 \n',
            'tab': '\3\xef\xbb\xbfa\tb\n1\tgamma\n2\tproton\n', 'quotes': '\7a,b\n"1","say ""x""\nnext"\n2,c\n', 'one': '\x0f1\n2\n',
            'bad': '\7a,b\n1,2\n3\n', 'pipe': '\x0ca|b\n1|inf\n2|1e999\n'}.items():
        write('csv', f'{name}.csv', content.encode('latin-1'))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--program', required=True)
    program = parser.parse_args().program
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        models(program, folder)
        circuits(program, folder)
        golden()
        h5_files(folder)
    keras_zips()
    arrays()
    csv()


main()
