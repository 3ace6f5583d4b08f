// bench_rtl --matrix FILE [--extra-depth free|N] [--effort low|medium|high] [--seconds S] [--threads N] [--dump GRAPH]:
// solves a constant matrix (rtl/solver.h) and prints what its graph costs.
//
// FILE has "inputs outputs low high" (the range of each input) and then the rows. GRAPH gets a line for each node and
// output, so that other programs can count it: "add A SHIFT + B SHIFT" (or -), "out COLUMN NODE SHIFT SIGN"; inputs are
// the nodes from 0 on.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/rtl/solver.h"

namespace {

using hgq::rtl::AdderGraph;
using hgq::rtl::AdderNode;
using hgq::rtl::MatrixProblem;
using hgq::rtl::Operand;

MatrixProblem read_matrix(const std::string& path) {
  std::ifstream file(path);
  MatrixProblem problem;
  hgq::rtl::Interval range;
  file >> problem.inputs >> problem.outputs >> range.low >> range.high;
  const bool sizes_are_right =
      file && problem.inputs > 0 && problem.outputs > 0 && problem.inputs <= 4096 && problem.outputs <= 4096;
  HGQ_CHECK(sizes_are_right, FileError, path,
            ": expected 'inputs outputs low high' in the first line, sizes of 1 to 4096");
  problem.weights.resize(static_cast<size_t>(problem.inputs) * static_cast<size_t>(problem.outputs));
  for (int64_t& weight : problem.weights) file >> weight;
  HGQ_CHECK(static_cast<bool>(file), FileError, path, ": expected ", problem.weights.size(),
            " whole numbers after the first line");
  problem.ranges.assign(static_cast<size_t>(problem.inputs), range);
  return problem;
}

/// Nodes that no output needs are left out. A negated output, zero minus a node, is written with the sign -.
void dump(const AdderGraph& graph, int inputs, const std::string& path) {
  std::vector<bool> live(graph.nodes.size(), false);
  const auto is_negation = [&](const AdderNode& node) {
    return node.kind == AdderNode::Kind::kAdder &&
           graph.nodes[static_cast<size_t>(node.left.node)].kind == AdderNode::Kind::kConstant;
  };
  for (const Operand& output : graph.outputs) {
    if (output.node >= 0) live[static_cast<size_t>(output.node)] = true;
  }
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const AdderNode& node = graph.nodes[i];
    if (!live[i] || node.kind != AdderNode::Kind::kAdder) continue;
    live[static_cast<size_t>(node.left.node)] = live[static_cast<size_t>(node.right.node)] = true;
  }
  std::ofstream file(path);
  std::map<int32_t, int> numbers;
  for (int i = 0; i < inputs; ++i) numbers[i] = i;
  const auto number_of = [&](const Operand& operand) {
    const auto found = numbers.find(operand.node);
    HGQ_CHECK(found != numbers.end(), Error, path,
              ": the graph negates a value that an adder reads, which this form cannot say");
    return found->second;
  };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const AdderNode& node = graph.nodes[i];
    if (!live[i] || node.kind != AdderNode::Kind::kAdder || is_negation(node)) continue;
    const Operand& first = node.left.negative ? node.right : node.left;
    const Operand& second = node.left.negative ? node.left : node.right;
    const int number = static_cast<int>(numbers.size());
    file << "add " << number_of(first) << ' ' << first.shift << ' ' << (second.negative ? '-' : '+') << ' '
         << number_of(second) << ' ' << second.shift << '\n';
    numbers[static_cast<int32_t>(i)] = number;
  }
  for (size_t j = 0; j < graph.outputs.size(); ++j) {
    Operand output = graph.outputs[j];
    if (output.node >= 0 && is_negation(graph.nodes[static_cast<size_t>(output.node)])) {
      const Operand& inside = graph.nodes[static_cast<size_t>(output.node)].right;
      output = {inside.node, output.shift + inside.shift, true};
    }
    file << "out " << j << ' ' << (output.node < 0 ? -1 : number_of(output)) << ' ' << output.shift << ' '
         << (output.negative ? '-' : '+') << '\n';
  }
  file.flush();
  HGQ_CHECK(file.good(), FileError, path, ": cannot be written");
}

int run(int argc, char** argv) {
  CLI::App app{"Solves a constant matrix and prints what its graph of adders costs."};
  std::string matrix, graph_file;
  std::string extra_depth = "free";
  std::string effort = "low";
  int threads = 1;
  hgq::rtl::SolverOptions options;
  app.add_option("--matrix", matrix, "the matrix")->required();
  app.add_option("--extra-depth", extra_depth, "beyond the least depth: a number, or free");
  app.add_option("--effort", effort, "low, medium or high")->check(CLI::IsMember({"low", "medium", "high"}));
  app.add_option("--seconds", options.seconds, "no further step after this time");
  app.add_option("--threads", threads, "threads");
  app.add_option("--dump", graph_file, "file for the graph");
  CLI11_PARSE(app, argc, argv);
  if (extra_depth != "free") options.extra_depth = std::stoi(extra_depth);
  if (effort == "medium") {
    options.restarts = 32;
    options.steps_per_adder = 100;
  }
  if (effort == "high") {
    options.restarts = 128;
    options.steps_per_adder = 20000;
  }
  const MatrixProblem problem = read_matrix(matrix);
  hgq::Workers workers(threads);
  const std::clock_t begin = std::clock();
  const AdderGraph graph = solve(problem, options, workers);
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  const hgq::rtl::AdderCost cost = cost_of(graph);
  std::printf("adders %d bits %lld depth %d cpu %.4f s\n", cost.adders, static_cast<long long>(cost.bits), cost.depth,
              seconds);
  if (!graph_file.empty()) dump(graph, problem.inputs, graph_file);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_rtl: %s\n", e.what());
    return 2;
  }
}
