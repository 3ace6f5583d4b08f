// QSeparableConv1D and 2D, SeparableConv1D and 2D: a depthwise convolution, and behind it one with a window of 1 that
// has the bias and the activation. Nothing is quantized between the two, so that they are two layers in a row.
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

/// What a kernel layer consists of: itself, or the two parts of a separable convolution. The first of these is called
/// NAME_depthwise in a proxy; messages name the part behind the class: "layer 'a' (QSeparableConv2D, Pointwise part)".
std::vector<QKerasKernelPart> kernel_parts(const KerasNode& node, const KerasLayerWeights& weights);

}  // namespace hgq
