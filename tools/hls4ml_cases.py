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


def merged(merge, *ways):
    """Layers that read the same, and one that reads all of them: names and inputs are filled in by the table."""
    return [{'ways': ways}, merge]


def at(name, layer, *reads):
    """A layer of a graph: what it is called within its case, and what it reads."""
    return name, layer, reads


def signature(sign, width, integer):
    return {'Signature': {'keep_negative': sign, 'bits': width, 'int_bits': integer}}


def again(layer):
    return {'Shared': {'layer': layer}}


ADD, JOIN = {'HAdd': {}}, {'PConcatenate': {}}

# Cases -> layers that stand in a chain, behind a quantizer of the input with a width for each element.
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
    'add': merged({'HAdd': {}}, dense(), dense(**bits(4))),
    'add, one width': merged({'HAdd': bits(3, **ONE_WIDTH)}, dense(), dense(**bits(4))),
    'concatenate, axis 1': merged({'PConcatenate': {'axis': 1}}, dense(), dense(3)),
    'concatenate, axis -1': merged({'PConcatenate': {'axis': -1}}, dense(), dense(3)),
    'add three': merged(ADD, dense(), dense(**bits(4)), dense(**bits(2))),
    'add four, one width': merged({'HAdd': bits(3, **ONE_WIDTH)}, dense(), dense(**bits(4)), dense(**bits(1)), dense(**bits(2))),
    'concatenate three': merged(JOIN, dense(), dense(3), dense(2, **bits(4))),
    'concatenate four, axis 1': merged({'PConcatenate': {'axis': 1}}, dense(1), dense(3), dense(2, **bits(4)), dense(1)),
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
    'add of series': merged({'HAdd': {}}, conv1(), conv1(2, 3, **bits(3))),
    'concatenate series, axis 1': merged({'PConcatenate': {'axis': 1}}, conv1(2, 2), conv1()),
    'concatenate series, axis 2': merged({'PConcatenate': {'axis': 2}}, conv1(), conv1(1)),
    'concatenate series, axis -2': merged({'PConcatenate': {'axis': -2}}, conv1(2, 2), conv1()),
    'add three series': merged(ADD, conv1(), conv1(2, 3, **bits(3)), conv1(2, 3, **bits(1))),
    'concatenate three series, axis 1': merged({'PConcatenate': {'axis': 1}}, conv1(2, 2), conv1(), conv1(2, 4)),
    'concatenate three series, axis -1': merged(JOIN, conv1(), conv1(1), conv1(3)),
    'flatten': [{'PFlatten': {}}, dense()],
    'zero padding, conv1d': [{'PZeroPadding1D': {'padding': [1, 2]}}, conv1()],
    'conv1d, zero padding': [conv1(**bits(3)), {'PZeroPadding1D': {'padding': 1}}],
    'zero padding, average pooling': [{'PZeroPadding1D': {'padding': 1}}, {'PAveragePooling1D': {'pool_size': 2}}, requantize(**bits(3))],
    'zero padding, tanh': [conv1(**bits(3)), {'PZeroPadding1D': {'padding': [0, 2]}}, function('tanh', **bits(5))],
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
    'concatenate images, axis 1': merged({'PConcatenate': {'axis': 1}}, conv2(2, [2, 1]), conv2(2, [1, 1])),
    'concatenate images, axis 2': merged({'PConcatenate': {'axis': 2}}, conv2(2, [1, 2]), conv2(2, [1, 1])),
    'concatenate images, axis 3': merged({'PConcatenate': {'axis': 3}}, conv2(2, 1), conv2(1, 1)),
    'concatenate images, axis -3': merged({'PConcatenate': {'axis': -3}}, conv2(2, [2, 1]), conv2(2, [1, 1])),
    'concatenate three images, axis 2': merged({'PConcatenate': {'axis': 2}}, conv2(2, [1, 2]), conv2(2, 1), conv2(2, [1, 3])),
    'concatenate three images, axis 3': merged(JOIN, conv2(2, 1), conv2(1, 1), conv2(3, 1)),
    'zero padding 2d, conv2d': [{'PZeroPadding2D': {'padding': [[1, 0], [0, 2]]}}, conv2()],
    'conv2d, zero padding 2d': [conv2(**bits(3)), {'PZeroPadding2D': {'padding': 1}}],
    'conv2d of one width, zero padding 2d, max pooling': [conv2(**bits(3, **ONE_WIDTH)), {'PZeroPadding2D': {'padding': [0, 1]}}, {'PMaxPooling2D': {'pool_size': 2}}],
    'permute an image': [{'PPermute': {'dims': [3, 1, 2]}}, dense(2)],
    'flatten an image': [conv2(1), {'PFlatten': {}}, dense(2)],
    'reshape an image': [{'PReshape': {'target_shape': [8, 6]}}, conv1(2, 3)],
    'conv2d, groups': [conv2(2, 3, groups=2)],
    'dense on four dims': [{'PReshape': {'target_shape': [3, 2, 4, 2]}}, dense(2)],
}

# Cases -> layers that say what they read: layers of their case, inputs (x, y, series, quarters), or the quantizers of inputs (in_x, ...).
# `quarters` holds multiples of 1/4, as a Signature is made for; beyond the range they exceed what it tells.
GRAPH = {
    'two inputs': [at('a', dense(), 'in_x'), at('b', dense(), 'in_y'), at('c', ADD, 'a', 'b')],
    'two inputs joined': [at('a', JOIN, 'in_x', 'in_y'), at('b', dense(), 'a')],
    'three inputs': [at('a', conv1(), 'in_series'), at('b', {'PFlatten': {}}, 'a'), at('c', JOIN, 'in_x', 'b', 'in_y'), at('d', dense(), 'c')],
    'inputs added': [at('a', ADD, 'in_x', 'in_y')],
    'three inputs added': [at('a', ADD, 'in_x', 'in_y', 'in_quarters')],
    'an input with two quantizers': [at('a', requantize(), 'x'), at('b', requantize(**bits(1)), 'x'), at('c', ADD, 'a', 'b')],
    'an input with two quantizers, one width': [at('a', requantize(**bits(3, **ONE_WIDTH)), 'x'), at('b', requantize(**bits(1, **ONE_WIDTH)), 'x'),
                                                at('c', dense(), 'a'), at('d', dense(), 'b'), at('e', ADD, 'c', 'd')],
    'signature': [at('a', signature(1, 5, 3), 'quarters'), at('b', dense(), 'a')],
    'signature without a sign': [at('a', signature(0, 4, 2), 'quarters'), at('b', dense(), 'a')],
    'signature, a width for each element': [at('a', signature([1, 1, 0, 0, 1, 1], [5, 3, 4, 1, 2, 6], [3, 1, 2, 0, 2, 4]), 'quarters'),
                                            at('b', dense(), 'a')],
    'signature, elements without bits': [at('a', signature([1, 1, 0, 0, 1, 1], [5, 0, 4, 0, 2, 6], [3, 0, 2, 0, 2, 4]), 'quarters'),
                                         at('b', dense(), 'a')],
    'signature of a series': [at('a', signature(1, 5, 3), 'series'), at('b', conv1(), 'a')],
    'signature, two layers read it': [at('a', signature(1, 5, 3), 'quarters'), at('b', dense(), 'a'), at('c', dense(4), 'a'), at('d', ADD, 'b', 'c')],
    'signature added': [at('a', signature(1, 5, 3), 'quarters'), at('b', ADD, 'a', 'in_y')],
    'signature, tanh': [at('a', signature(1, 5, 3), 'quarters'), at('b', function('tanh', **bits(5)), 'a')],
    'signature joined': [at('a', signature(1, 5, 3), 'quarters'), at('b', JOIN, 'a', 'in_y'), at('c', dense(), 'b')],
    'signature behind a quantizer': [at('a', signature(1, 5, 3), 'in_x'), at('b', dense(), 'a')],
    'signature behind a dense': [at('a', dense(), 'in_x'), at('b', signature(1, 5, 3), 'a'), at('c', dense(), 'b')],
    'signature alone': [at('a', signature([1, 1, 0, 0, 1, 1], [5, 3, 4, 1, 2, 6], [3, 1, 2, 0, 2, 4]), 'quarters')],
    'shared dense': [at('a', dense(6), 'in_x'), at('b', again('a'), 'a')],
    'shared dense, relu, one width': [at('a', dense(6, activation='relu', **bits(3, **ONE_WIDTH)), 'in_x'), at('b', again('a'), 'a')],
    'shared dense, two inputs': [at('a', dense(), 'in_x'), at('b', again('a'), 'in_y'), at('c', ADD, 'a', 'b')],
    'shared dense, three times': [at('a', dense(), 'in_x'), at('b', again('a'), 'in_y'), at('c', again('a'), 'in_quarters'), at('d', JOIN, 'a', 'b', 'c')],
    'shared dense, batch norm': [at('a', {'HDenseBatchNorm': {'units': 4, 'activation': 'relu'}}, 'in_x'), at('b', again('a'), 'in_y'),
                                 at('c', JOIN, 'a', 'b')],
    'shared quantizer': [at('a', requantize(), 'x'), at('b', again('a'), 'y'), at('c', ADD, 'a', 'b')],
    'shared quantizer, one width': [at('a', requantize(**bits(3, **ONE_WIDTH)), 'x'), at('b', again('a'), 'y'), at('c', JOIN, 'a', 'b'),
                                    at('d', dense(), 'c')],
    'shared conv1d': [at('a', conv1(2, 3, padding='same'), 'in_series'), at('b', again('a'), 'a')],
    'shared tanh': [at('a', function('tanh', **bits(5)), 'in_x'), at('b', again('a'), 'in_y'), at('c', ADD, 'a', 'b')],
    'shared tanh, of itself': [at('a', function('tanh', **bits(5)), 'in_x'), at('b', again('a'), 'a')],
    'shared tanh, one width': [at('a', function('tanh', **bits(5, **ONE_WIDTH)), 'in_x'), at('b', again('a'), 'in_y'), at('c', ADD, 'a', 'b')],
    'shared add': [at('a', ADD, 'in_x', 'in_y'), at('b', again('a'), 'a', 'in_y')],
    'shared pooling': [at('a', {'PMaxPooling1D': {'pool_size': 3, 'strides': 1, 'padding': 'same'}}, 'in_series'), at('b', again('a'), 'a')],
    'added to itself': [at('a', dense(), 'in_x'), at('b', ADD, 'a', 'a')],
    'added to itself, one width': [at('a', dense(**bits(3, **ONE_WIDTH)), 'in_x'), at('b', {'HAdd': bits(4, **ONE_WIDTH)}, 'a', 'a')],
    'added to itself twice': [at('a', dense(), 'in_x'), at('b', ADD, 'a', 'a', 'a')],
    'input added to itself': [at('a', ADD, 'in_x', 'in_x')],
    'joined with itself': [at('a', dense(), 'in_x'), at('b', JOIN, 'a', 'a'), at('c', dense(), 'b')],
    'joined with itself, one width': [at('a', dense(**bits(3, **ONE_WIDTH)), 'in_x'), at('b', JOIN, 'a', 'a'), at('c', dense(), 'b')],
    'series joined with itself': [at('a', conv1(), 'in_series'), at('b', {'PConcatenate': {'axis': 1}}, 'a', 'a')],
    'joined with itself and another': [at('a', dense(), 'in_x'), at('b', dense(), 'in_x'), at('c', JOIN, 'a', 'b', 'a')],
    'added to what it gives': [at('a', dense(6), 'in_x'), at('b', ADD, 'a', 'in_x'), at('c', dense(6), 'b'), at('d', ADD, 'c', 'b', 'in_x')],
    'joined, then added': [at('a', dense(), 'in_x'), at('b', dense(), 'in_y'), at('c', JOIN, 'a', 'b'), at('d', dense(8), 'c'), at('e', ADD, 'd', 'c')],
}

# What a network reads -> its cases.
GROUPS = {'vector': ({'x': [6]}, VECTOR), 'series': ({'x': [8, 2]}, SERIES), 'image': ({'x': [6, 4, 2]}, IMAGE),
          'graph': ({'x': [6], 'y': [6], 'series': [8, 2], 'quarters': [6]}, GRAPH)}
# What makes a project of its own, as hls4ml or hgq refuses it.
ALONE = {'conv1d, groups', 'conv1d, dilation', 'conv2d, groups', 'log_softmax', 'dense on four dims'}
