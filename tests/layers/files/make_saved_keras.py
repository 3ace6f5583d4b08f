#!/usr/bin/env python3
"""Makes the files of saved_keras_test.cpp, each form in which Keras saves a model; run once for each version of Keras:

    pip install tensorflow==2.15.1 qkeras==0.9.0 'pyparsing<3.1' h5py && python make_saved_keras.py FOLDER      # Keras 2: keras_2.*
    pip install keras==3.15.1 jax h5py && KERAS_BACKEND=jax python make_saved_keras.py FOLDER                   # Keras 3: keras_3.*

NAME.keras, packed more tightly than Keras does; of Keras 2 also NAME_legacy.h5, what save_weights() writes in the layout of HDF5 models.
NAME_data.h5: inputs x, and predictions of the model's outputs, which are a map.
"""
import os
import pathlib
import shutil
import sys
import zipfile

import h5py
import keras
import numpy as np
from keras import layers

KERAS_3 = keras.__version__.startswith('3')


def small(source, target):
    """The same HDF5 file in the latest format, which takes less room."""
    def copy(name, old):
        made = new.create_dataset(name, data=old[()]) if isinstance(old, h5py.Dataset) else new.require_group(name)
        made.attrs.update(old.attrs)

    with h5py.File(source) as file, h5py.File(target, 'w', libver='latest') as new:
        new.attrs.update(file.attrs)
        file.visititems(copy)
    os.remove(source)


def repack(source, target):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, 'w', zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name.endswith('.h5'):
                old.extract(name, 'unpacked')
                small(f'unpacked/{name}', 'unpacked/small.h5')
                new.write('unpacked/small.h5', name)
            else:
                new.writestr(name, old.read(name))
    shutil.rmtree('unpacked')
    os.remove(source)


def model():
    """The layers' names are not in the order of their classes' numbers; a model inside has layers of the same classes."""
    x = keras.Input((4, 4, 2), name='image')
    inner = keras.Input((3,), name='inner')
    if KERAS_3:
        y = layers.Conv2D(3, 2, name='first', activation='relu')(x)
        y = layers.BatchNormalization(name='norm')(layers.DepthwiseConv2D(2, name='depth')(y))
        y = layers.Activation(layers.ReLU(), name='act')(y)
        block = keras.Model(inner, layers.Dense(2, name='a')(layers.Dense(3, name='b')(inner)), name='block')
        chain = keras.Sequential([keras.Input((3,)), layers.Dense(2, name='d', use_bias=False)], name='chain')
    else:
        from qkeras import QActivation, QConv2D, QConv2DBatchnorm, QDense
        bits = {'kernel_quantizer': 'quantized_bits(5,1,alpha=1)', 'bias_quantizer': 'quantized_bits(5,1)'}
        y = QConv2D(3, 2, name='first', activation='quantized_relu(6,3)', **bits)(QActivation('quantized_bits(8,3)', name='q')(x))
        y = QConv2DBatchnorm(3, 2, name='norm', **bits)(y)
        y = layers.Activation(layers.ReLU(), name='act')(QActivation('quantized_bits(8,3)', name='r')(y))
        block = keras.Model(inner, QDense(2, name='a', **bits)(QDense(3, name='b', activation='quantized_relu(5,3)', **bits)(inner)), name='block')
        chain = keras.Sequential([keras.Input((3,)), QDense(2, name='d', use_bias=False, kernel_quantizer='quantized_bits(5,1,alpha=1)')], name='chain')
    y = layers.GlobalMaxPooling2D(name='top')(y)
    return keras.Model(x, {'second': chain(y), 'first': block(y)}, name='net')


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    name = 'keras_3' if KERAS_3 else 'keras_2'
    random = np.random.default_rng(3)
    net = model()
    for weight in net.weights:
        if 'iteration' in weight.name:
            continue
        path = getattr(weight, 'path', weight.name)
        positive = 'variance' in path or 'gamma' in path
        value = np.round(8 * random.normal(0, 0.7, weight.shape)) / 8
        if 'variance' in path:  # gamma / sqrt(variance + epsilon) is a power of two, or nearly so
            value = 4.0 ** random.integers(-1, 2, weight.shape) - 1e-3
        weight.assign(np.abs(value) + 0.125 if positive and 'gamma' in path else value)
    net.save('large.keras')
    repack('large.keras', folder / f'{name}.keras')
    if not KERAS_3:
        net.save_weights('large.h5')
        small('large.h5', folder / f'{name}_legacy.h5')
    x = np.round(16 * random.normal(0, 1.5, (20, 4, 4, 2))).astype('float32') / 16
    outputs = net.predict(x, verbose=0)
    with h5py.File(folder / f'{name}_data.h5', 'w', libver='latest') as file:
        file['x'] = x
        for output, values in outputs.items():
            file[output] = values


if __name__ == '__main__':
    main()
