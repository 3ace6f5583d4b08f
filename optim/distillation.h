// The loss of a student towards the outputs of its teacher (Hinton, Vinyals, Dean, https://arxiv.org/abs/1503.02531).
//
// The teacher's outputs are softened once, and are targets of the training set. With logits z of the student and the
// probabilities p of the teacher at temperature T, the loss of a row is T^2 * sum_j p_j (log p_j - log softmax(z /
// T)_j), for each output with a sigmoid the same of two classes. Behind a softmax, z = log(probability), behind a
// sigmoid the logarithm of the odds, which are the logits up to a constant. T^2 keeps the gradients as large as at T
// = 1.
#pragma once

#include <span>
#include <string_view>

#include "hgq/optim/loss.h"

namespace hgq {

/// Records the mean over the batch. `teacher` has the shape of the prediction: softened probabilities, or numbers if
/// the targets of `loss` are numbers, for which it is the loss itself with the teacher's output as target.
Var record_distillation(const Loss& loss, const OutputVars& student, Var teacher, double temperature);

/// Turns outputs of a teacher, rows of `columns` numbers, into softened probabilities, in place. `function` is what
/// makes the outputs: "softmax", "sigmoid", or another, whose outputs are logits. Numbers stay as they are.
void soften(std::span<float> outputs, int64_t columns, TargetKind targets, std::string_view function,
            double temperature);

}  // namespace hgq
