"""What tools/hls4ml_table.py tries: a branch of layers for each case, as in a config of hgq-train."""

# Every name that HActivation knows, and formulas; softmax and log_softmax stand apart.
FUNCTIONS = ['linear', 'relu', 'sigmoid', 'tanh', 'elu', 'selu', 'softplus', 'softsign', 'swish', 'gelu', 'exponential', 'hard_sigmoid',
             'leaky_relu', 'mish', 'relu6', 'square', 'exp', 'sin', 'x*x', 'x > 0 ? x : 0.1*x']
ONE_WIDTH = {'skip_dims': 'all'}


def bits(number, **more):
    return {'paq_conf': {'init_bw': number, **more}}


def dense(units=4, **keys):
    return {'HDense': {'units': units, **keys}}


def function(name, **keys):
    return {'HActivation': {'activation': name, **keys}}


def conv1(filters=2, size=3, **keys):
    return {'HConv1D': {'filters': filters, 'kernel_size': size, **keys}}


def conv2(filters=2, size=3, **keys):
    return {'HConv2D': {'filters': filters, 'kernel_size': size, **keys}}


def requantize(**keys):
    return {'HQuantize': keys}


def two_ways(first, second, merge):
    """Two layers that read the same, and one that reads both: names and inputs are filled in by the table."""
    return [{'both': [first, second]}, merge]


# Shape of the input -> cases -> layers. 'in' stands for a quantizer that the branch begins with, one for each element.
VECTOR = {
    'dense': [dense()],
    'dense, no bias': [dense(use_bias=False)],
    'dense, relu': [dense(activation='relu')],
    'dense, one width': [dense(**bits(4, **ONE_WIDTH))],
    'dense, relu, one width': [dense(activation='relu', **bits(4, **ONE_WIDTH))],
    'dense, batch norm': [{'HDenseBatchNorm': {'units': 4}}],
    'dense, batch norm, relu': [{'HDenseBatchNorm': {'units': 4, 'activation': 'relu'}}],
    'dense, one unit': [dense(1)],
    'dense without bits': [dense(**bits(-8)), dense()],
    'two dense': [dense(6, activation='relu'), dense()],
    'quantizer behind a quantizer': [dense(), requantize(**bits(1))],
    'quantizer, one width': [dense(), requantize(**bits(1, **ONE_WIDTH))],
    'quantizers alone': [requantize(**bits(1))],
    'dropout': [dense(), {'PDropout': {'rate': 0.2}}, dense()],
    'add': two_ways(dense(), dense(**bits(4)), {'HAdd': {}}),
    'add, one width': two_ways(dense(), dense(**bits(4)), {'HAdd': bits(3, **ONE_WIDTH)}),
    'concatenate, axis 1': two_ways(dense(), dense(3), {'PConcatenate': {'axis': 1}}),
    'concatenate, axis -1': two_ways(dense(), dense(3), {'PConcatenate': {'axis': -1}}),
    'reshape': [{'PReshape': {'target_shape': [3, 2]}}, dense(2)],
    'reshape to a column': [{'PReshape': {'target_shape': [-1, 1]}}, conv1(2, 2)],
    'dense, pooled': [dense(6), {'PReshape': {'target_shape': [6, 1]}}, {'PAveragePooling1D': {'pool_size': 3}}, {'PFlatten': {}}],
    'sigmoid, wide input': [dense(4, **bits(11)), function('sigmoid', **bits(9))],
    'tanh, wide input': [dense(4, **bits(11)), function('tanh', **bits(9))],
    'sigmoid, one width': [dense(4, **bits(4, **ONE_WIDTH)), function('sigmoid', **bits(6, **ONE_WIDTH))],
    'tanh, one width': [dense(4, **bits(4, **ONE_WIDTH)), function('tanh', **bits(6, **ONE_WIDTH))],
    'tanh of coarse values': [dense(4, **bits(-1)), function('tanh', **bits(6))],
    'tanh of tanh': [dense(4, **bits(3)), function('tanh', **bits(4)), function('tanh', **bits(6))],
    **{f'function {name}': [dense(4, **bits(3)), function(name, **bits(5))] for name in FUNCTIONS},
    'log_softmax': [dense(), function('log_softmax')],
    'softmax': [dense(4, **bits(4)), function('softmax', **bits(6))],
}

SERIES = {
    'conv1d': [conv1()],
    'conv1d, same': [conv1(padding='same')],
    'conv1d, causal': [conv1(padding='causal')],
    'conv1d, strides': [conv1(strides=2)],
    'conv1d, same, strides': [conv1(padding='same', strides=2)],
    'conv1d, even, same': [conv1(2, 4, padding='same')],
    'conv1d, 1': [conv1(2, 1)],
    'conv1d, one filter': [conv1(1, 3, padding='same')],
    'conv1d, whole input': [conv1(2, 8)],
    'conv1d, same, larger than the input': [conv1(2, 9, padding='same')],
    'conv1d, parallel factor': [conv1(2, 3, padding='same', parallel_factor=4)],
    'conv1d, one width, relu': [conv1(activation='relu', **bits(3, **ONE_WIDTH))],
    'conv1d, batch norm, relu': [{'HConv1DBatchNorm': {'filters': 2, 'kernel_size': 3, 'activation': 'relu'}}],
    'conv1d, width for each channel': [conv1(**bits(3, skip_dims='except_last'))],
    'dense on a series': [dense(3)],
    'max pooling': [{'PMaxPooling1D': {'pool_size': 2}}],
    'max pooling, same': [{'PMaxPooling1D': {'pool_size': 3, 'padding': 'same'}}],
    'max pooling, strides': [{'PMaxPooling1D': {'pool_size': 3, 'strides': 2}}],
    'average pooling': [{'PAveragePooling1D': {'pool_size': 2}}, requantize(**bits(3))],
    'average pooling, 3': [{'PAveragePooling1D': {'pool_size': 3, 'strides': 1}}, requantize(**bits(3))],
    'average pooling, same': [{'PAveragePooling1D': {'pool_size': 3, 'padding': 'same'}}, requantize(**bits(3))],
    'add of series': two_ways(conv1(), conv1(2, 3, **bits(3)), {'HAdd': {}}),
    'concatenate series, axis 1': two_ways(conv1(2, 2), conv1(), {'PConcatenate': {'axis': 1}}),
    'concatenate series, axis 2': two_ways(conv1(), conv1(1), {'PConcatenate': {'axis': 2}}),
    'concatenate series, axis -2': two_ways(conv1(2, 2), conv1(), {'PConcatenate': {'axis': -2}}),
    'flatten': [{'PFlatten': {}}, dense()],
    'permute': [{'PPermute': {'dims': [2, 1]}}, dense()],
    'tanh of a series': [conv1(**bits(3)), function('tanh', **bits(5))],
    'softmax of a series': [conv1(3, **bits(3)), function('softmax', **bits(5))],
    'conv1d, groups': [conv1(4, 3, groups=2)],
    'conv1d, dilation': [conv1(2, 2, padding='same', dilation_rate=2)],
}

IMAGE = {
    'conv2d': [conv2()],
    'conv2d, same': [conv2(padding='same')],
    'conv2d, strides': [conv2(strides=2)],
    'conv2d, same, strides': [conv2(padding='same', strides=[2, 1])],
    'conv2d, 1x1': [conv2(2, 1)],
    'conv2d, not square': [conv2(2, [2, 3])],
    'conv2d, same, larger than the input': [conv2(1, [7, 7], padding='same')],
    'conv2d, parallel factor': [conv2(2, 3, parallel_factor=4)],
    'conv2d, batch norm, relu': [{'HConv2DBatchNorm': {'filters': 2, 'kernel_size': 3, 'activation': 'relu'}}],
    'conv2d, one width': [conv2(**bits(3, **ONE_WIDTH))],
    'dense on an image': [dense(3)],
    'max pooling 2d': [{'PMaxPooling2D': {'pool_size': 2}}],
    'max pooling 2d, same': [{'PMaxPooling2D': {'pool_size': 3, 'padding': 'same'}}],
    'average pooling 2d': [{'PAveragePooling2D': {'pool_size': 2}}, requantize(**bits(3))],
    'average pooling 2d, 3x2': [{'PAveragePooling2D': {'pool_size': [3, 2], 'strides': 1}}, requantize(**bits(3))],
    'average pooling 2d, same': [{'PAveragePooling2D': {'pool_size': 3, 'padding': 'same'}}, requantize(**bits(3))],
    'concatenate images, axis 1': two_ways(conv2(2, [2, 1]), conv2(2, [1, 1]), {'PConcatenate': {'axis': 1}}),
    'concatenate images, axis 2': two_ways(conv2(2, [1, 2]), conv2(2, [1, 1]), {'PConcatenate': {'axis': 2}}),
    'concatenate images, axis 3': two_ways(conv2(2, 1), conv2(1, 1), {'PConcatenate': {'axis': 3}}),
    'concatenate images, axis -3': two_ways(conv2(2, [2, 1]), conv2(2, [1, 1]), {'PConcatenate': {'axis': -3}}),
    'permute an image': [{'PPermute': {'dims': [3, 1, 2]}}, dense(2)],
    'flatten an image': [conv2(1), {'PFlatten': {}}, dense(2)],
    'reshape an image': [{'PReshape': {'target_shape': [8, 6]}}, conv1(2, 3)],
    'conv2d, groups': [conv2(2, 3, groups=2)],
    'dense on four dims': [{'PReshape': {'target_shape': [3, 2, 4, 2]}}, dense(2)],
}

GROUPS = {'vector': ([6], VECTOR), 'series': ([8, 2], SERIES), 'image': ([6, 4, 2], IMAGE)}
# What makes a project of its own, as hls4ml or hgq refuses it.
ALONE = {'conv1d, groups', 'conv1d, dilation', 'conv2d, groups', 'log_softmax', 'dense on four dims'}
