// QSeparableConv1D and 2D, SeparableConv1D and 2D: a depthwise convolution, and after it a convolution with a window of
// 1 that has the bias and the activation. Nothing is quantized between the two, so they are two consecutive layers.
#pragma once

#include <string_view>
#include <vector>

#include "hgq/data/keras_file.h"

namespace hgq {

/// A layer that read_kernel_layer() reads, and its weights.
struct QKerasKernelPart {
  KerasNode node;
  KerasLayerWeights weights;
};

bool is_separable(std::string_view class_name);

/// The parts of a kernel layer: the layer itself, or the two parts of a separable convolution. The first of these is
/// called NAME_depthwise in a proxy; messages name the part after the class: "layer 'a' (QSeparableConv2D, Pointwise
/// part)".
std::vector<QKerasKernelPart> kernel_parts(const KerasNode& node, const KerasLayerWeights& weights);

}  // namespace hgq
