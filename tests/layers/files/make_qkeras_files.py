#!/usr/bin/env python3
"""Makes qkeras_weights.h5 and qkeras_model.h5, from QKeras itself.

    pip install tensorflow==2.15.1 qkeras==0.9.0 pyparsing h5py        # Python 3.9 to 3.11
    python make_qkeras_files.py FOLDER

qkeras_weights.h5: `quantizers`, `of_kernel` (1: as a layer sets up its kernel's quantizer), and for weights of several ranks x/NAME and
y/NAME = quantizer(x), a row for each quantizer. qkeras_model.h5: a model, with a group `data` of inputs x and predictions y.
"""
import pathlib
import sys

import h5py
import numpy as np
import tensorflow as tf
from qkeras import QActivation, QBatchNormalization, QConv2D, QConv2DBatchnorm, QDense
from qkeras.quantizers import get_quantizer, quantized_bits

SHAPES = {'matrix': (18, 9), 'vector': (9,), 'window': (3, 2, 4), 'image': (2, 3, 2, 3)}

QUANTIZERS = [  # text, whether it is a kernel's
    ('quantized_bits(6,0,1,alpha=1)', 1), ('quantized_bits(4,1)', 0), ('quantized_bits(4,1)', 1), ('quantized_bits(5,2,keep_negative=False,alpha=1.0)', 1),
    ('quantized_bits(1,0,alpha=1)', 1), ('quantized_bits(8,0,alpha=0.75)', 0), ("quantized_bits(4,0,alpha='auto')", 1),
    ("quantized_bits(3,1,1,alpha='auto_po2')", 1), ("quantized_bits(5,0,alpha='auto',scale_axis=0)", 1), ('quantized_bits(4,0,alpha=1,qnoise_factor=0.5)', 1),
    ('quantized_bits(4,0,alpha=1,use_ste=False)', 1), ('quantized_bits( 4 , 0, use_stochastic_rounding = True, alpha = 1 )', 1),
    ('quantized_relu(4,1)', 0), ('quantized_po2(4)', 1), ('quantized_po2(4,1)', 1), ('quantized_po2(5,max_value=2,quadratic_approximation=True)', 1),
    ("quantized_po2(4,log2_rounding='floor')", 1), ('quantized_relu_po2(4,4)', 1), ('quantized_relu_po2(6,negative_slope=0.25)', 1),
    ('binary', 1), ('binary(alpha=1)', 1), ('binary(use_01=True,alpha=0.5)', 0), ('stochastic_binary', 1), ('ternary', 1), ('ternary(alpha=1)', 1),
    ('ternary(alpha=0.3,threshold=0.6)', 0), ('stochastic_ternary', 1), ("ternary(alpha='auto')", 1), ("binary(alpha='auto')", 1), ('binary', 0), ('ternary', 0),
]


def weights(name, random):
    x = random.normal(0, 0.7, SHAPES[name]).astype('float32')
    flat = x.reshape(-1)
    flat[:6] = [0, 0.28125, -0.28125, 1.75, -3.0, 1e-3]  # nothing, ties of some grids, out of range, small
    return x


def write_weights(path):
    random = np.random.default_rng(4)
    with h5py.File(path, 'w') as file:
        file['quantizers'] = [text for text, _ in QUANTIZERS]
        file['of_kernel'] = np.array([kernel for _, kernel in QUANTIZERS], 'int8')
        for name in SHAPES:
            xs, ys = [], []
            for text, kernel in QUANTIZERS:
                quantizer = get_quantizer(text)
                if kernel and hasattr(quantizer, '_set_trainable_parameter'):
                    quantizer._set_trainable_parameter()
                xs.append(weights(name, random))
                ys.append(quantizer(tf.constant(xs[-1])).numpy().astype('float32'))
            file[f'x/{name}'], file[f'y/{name}'] = np.stack(xs), np.stack(ys)


def write_model(path):
    random = np.random.default_rng(5)
    tf.keras.utils.set_random_seed(5)
    x = tf.keras.Input((6, 6, 2), name='image')
    q = QActivation('quantized_bits(7,2,0,alpha=1)', name='q')(x)
    a = QConv2DBatchnorm(4, 3, padding='same', kernel_quantizer=quantized_bits(5, 0, 1, alpha=1), bias_quantizer='quantized_bits(6,1)',
                         name='conv_bn', activation='quantized_relu(6,2)')(q)
    a = tf.keras.layers.MaxPooling2D(2, name='pool')(a)
    b = QConv2D(4, 2, strides=2, kernel_quantizer='quantized_bits(4,0)', bias_quantizer=quantized_bits(5, 0), name='conv')(q)
    b = QBatchNormalization(epsilon=0, gamma_quantizer='quantized_relu_po2(4,2)', mean_quantizer='quantized_bits(6,1)',
                            beta_quantizer='quantized_bits(6,1)', name='bn')(b)
    b = QActivation('quantized_relu(5,1)', name='act')(b)
    y = tf.keras.layers.Add(name='sum')([a, b])
    y = tf.keras.layers.Flatten(name='flat')(tf.keras.layers.Dropout(0.1, name='drop')(y))
    y = QDense(5, kernel_quantizer='ternary', bias_quantizer='quantized_po2(4,1)', activation='quantized_bits(8,4,alpha=1)', name='out')(y)
    model = tf.keras.Model(x, y)
    for layer in model.layers:
        layer.set_weights([(np.abs(w) + random.uniform(0.3, 1.2, w.shape) if 'variance' in v.name or 'gamma' in v.name else
                            w + random.normal(0, 0.2, w.shape)) if 'iteration' not in v.name else w
                           for v, w in zip(layer.weights, layer.get_weights())])
    model.save(path.with_suffix('.tmp.h5'))
    data = random.normal(0, 2, (12, 6, 6, 2)).astype('float32')
    with h5py.File(path.with_suffix('.tmp.h5')) as saved, h5py.File(path, 'w', libver='latest') as file:  # small
        file.attrs.update(saved.attrs)
        saved.copy('model_weights', file)
        file['data/x'] = data
        file['data/y'] = model(data, training=False).numpy()
    path.with_suffix('.tmp.h5').unlink()


if __name__ == '__main__':
    folder = pathlib.Path(sys.argv[1])
    write_weights(folder / 'qkeras_weights.h5')
    write_model(folder / 'qkeras_model.h5')
