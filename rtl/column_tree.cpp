#include "hgq/rtl/column_tree.h"

#include "hgq/rtl/signed_digits.h"

namespace hgq::rtl {

ColumnTree column_tree(const MatrixProblem& problem, int most_steps) {
  const auto columns = static_cast<size_t>(problem.outputs);
  const auto rows = static_cast<size_t>(problem.inputs);
  ColumnTree tree{.parent = std::vector<int>(columns, -1),
                  .is_negated = std::vector<char>(columns, 0),
                  .steps = std::vector<int>(columns, 1)};
  if (most_steps <= 1) return tree;
  std::vector<int> distance(columns, 0), from(columns, -1);
  std::vector<char> negated(columns, 0), done(columns, 0);
  for (size_t j = 0; j < columns; ++j) {
    for (size_t i = 0; i < rows; ++i) distance[j] += count_signed_digits(problem.weights[i * columns + j]);
  }
  for (size_t n = 0; n < columns; ++n) {
    size_t next = columns;
    for (size_t j = 0; j < columns; ++j) {
      if (done[j] == 0 && (next == columns || distance[j] < distance[next])) next = j;
    }
    done[next] = 1;
    tree.digits += distance[next];
    tree.parent[next] = from[next];
    tree.is_negated[next] = negated[next];
    tree.steps[next] = from[next] < 0 ? 1 : tree.steps[static_cast<size_t>(from[next])] + 1;
    if (tree.steps[next] >= most_steps) continue;
    for (size_t j = 0; j < columns; ++j) {
      if (done[j] != 0) continue;
      for (const bool negative : {false, true}) {
        int digits = 1;  // the adder that joins both
        for (size_t i = 0; i < rows && digits < distance[j]; ++i) {
          const int64_t parent = problem.weights[i * columns + next];
          digits += count_signed_digits(problem.weights[i * columns + j] - (negative ? -parent : parent));
        }
        if (digits >= distance[j]) continue;
        distance[j] = digits;
        from[j] = static_cast<int>(next);
        negated[j] = negative ? 1 : 0;
      }
    }
  }
  return tree;
}

}  // namespace hgq::rtl
