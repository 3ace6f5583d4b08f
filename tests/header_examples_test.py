#!/usr/bin/env python3
"""The C++ examples in the comments that open our headers, and in README.md, compile: those of a header as the body of one
function, so that a later example may use what an earlier one has declared, or, where they begin with `class`, `struct` or
`template`, as they are. All go through one call of the compiler, which only checks them. What an example uses without
declaring it stands in PRELUDE. scripts/header_comment.py says which blocks are C++.

    header_examples_test.py --source . --build build     what does not compile, with its place; the exit code is 1 then
    header_examples_test.py --build build --check-the-test      the same on small texts with known faults
"""
import argparse
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'scripts'))
from header_comment import blocks_of  # noqa: E402

FOLDERS = ('core', 'config', 'data', 'autograd', 'proxy', 'rtl', 'layers', 'optim', 'callbacks', 'deploy', 'sweep', 'report')
DECLARATION = re.compile(r'(class|struct|template)\b')

# What examples take for granted, none of it defined, as nothing is linked. An example may declare a name anew.
INCLUDES = ('<cstdio>', '<nlohmann/json.hpp>', '"hgq/hgq.h"')
PRELUDE = '''
extern Model model;
extern MemoryDataset data, train, validation;
extern Tensor x, y;
extern Workers workers;
extern Tape tape;
extern Adam adam;
extern Trainer trainer;
extern uint64_t seed, step;
extern Node node;
extern ErrorList errors;
LossPtr make_log_cosh(ConfigReader& c);
std::unique_ptr<Layer> make_scale(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Callback> make_printer(ConfigReader& c, const CallbackContext& context);
'''
GIVEN = {
    'core/dnnl.h': 'extern float *x, *kernel, *z;',
    'core/error.h': 'extern Shape in; extern std::string name;',
    'core/ordered_sum.h': 'extern int64_t n; extern float* g;',
    'core/plain_matmul.h': 'extern double *a, *b, *c;',
    'core/rng.h': 'extern uint64_t element;',
    'config/config_reader.h': 'extern int64_t units; extern std::string activation; extern double beta;',
    'config/keras_object.h': 'extern std::span<const KerasName> kTable;',
    'data/atomic_file.h': 'extern std::string text; extern std::map<std::string, std::string> files;',
    'data/classes.h': 'extern std::unique_ptr<RowSource> y_train, y_test; extern int64_t n; extern std::vector<float> out;',
    'data/data_sets.h': 'extern DataConfig config;',
    'autograd/chunks.h': 'extern Plan plan;',
    'autograd/executor.h': 'extern Var var;',
    'autograd/lane_sums.h': 'extern Plan plan; extern int32_t segment; extern LaneBlocks lanes; extern OpContext context;',
    'autograd/plan_profile.h': 'extern Plan plan; extern Profile profile; extern size_t s, i; extern int worker; extern int64_t ticks, rows;',
    'autograd/transpose.h': 'extern float *from, *to;',
    'autograd/tape.h': 'extern Parameter kernel;',
    'proxy/builder.h': 'extern QuantizerTypes types, out_types; extern std::vector<float> kernel, bias;',
    'proxy/emulator.h': 'extern ProxyModel model;',
    'proxy/proxy_file.h': 'extern ProxyModel model;',
    'rtl/delay.h': 'extern rtl::Circuit circuit;',
    'rtl/estimate.h': 'extern rtl::Circuit circuit;',
    'rtl/interpreter.h': 'extern rtl::Circuit circuit;',
    'rtl/pipeline.h': 'extern rtl::Circuit circuit;',
    'rtl/three_operands.h': 'extern rtl::Circuit circuit;',
    'layers/quantizer.h': 'extern QuantizerConfig config; extern Var z;',
    'optim/class_rows.h': 'extern MeasuredRows measured; extern double hits;',
    'optim/measures.h': 'extern Objective objective; extern Var prediction; extern Batch batch;',
    'optim/prediction_evaluation.h': 'extern Objective objective; extern Emulator emulator;',
    'optim/optimizer.h': 'extern std::vector<NamedTensor> saved; void write(std::string, std::span<const float>);',
    'callbacks/budget_control.h': 'extern TrainStep step; extern int64_t batches_per_epoch; extern int epochs; extern double exact_bops;',
    'callbacks/condition.h': 'extern Training& t;',
    'callbacks/history_file.h': 'extern History rows; extern nlohmann::json checkpoint;',
    'rtl/hdl.h': 'extern rtl::Circuit circuit;',
    'rtl/hdl_design.h': 'extern rtl::Circuit circuit;',
    'rtl/module_plan.h': 'extern rtl::Circuit circuit;',
    'sweep/batch.h': 'extern sweep::SweepRecord record;',
    'sweep/expansion.h': 'extern sweep::SweepFile file;',
    'sweep/live_table.h': 'extern sweep::SweepRecord record; extern std::vector<size_t> running;',
    'sweep/start_sweep.h': 'extern sweep::SweepFile file; extern sweep::ConfigTools tools;',
    'sweep/sweep_file.h': 'extern sweep::ConfigTools tools;',
    'report/figure.h': 'extern report::Markup page;',
    'report/markup.h': 'extern std::string layer;',
    'report/run_figures.h': 'extern report::RunFiles run;',
    'deploy/profile_summary.h': 'extern Profile profile;',
    'deploy/advice.h': 'extern ProxyModel proxy; extern std::vector<ConstTensorView> inputs; extern VerifyReport report;',
    'deploy/verification.h': 'extern ProxyModel proxy;',
    'deploy/evaluation_file.h': 'extern ModelExtras extras; extern Deployment done; extern MemoryDataset test;',
    'deploy/evaluation_report.h': 'extern ModelExtras extras; extern Predictor predictor;',
    'deploy/prediction_file.h': 'extern std::vector<ConstTensorView> views;',
    'deploy/teacher.h': 'extern SharedRows inputs; extern Student student;',
    'deploy/explain.h': 'extern ProxyModel proxy; extern std::vector<ConstTensorView> inputs; extern int64_t row;',
}


def examples_of(source):
    """(file, line, lines of code) of every example in C++."""
    headers = [source / 'hgq.h', *(path for folder in FOLDERS for path in sorted((source / folder).rglob('*.h')))]
    for header in headers:
        if header.is_file():
            for block in blocks_of(header.read_text()):
                if block.is_cpp:
                    yield str(header.relative_to(source)), block.line, block.lines
    readme = source / 'README.md'
    if readme.is_file():
        text = readme.read_text()
        for match in re.finditer(r'^```cpp\n(.*?)^```', text, re.MULTILINE | re.DOTALL):
            yield 'README.md', text[:match.start(1)].count('\n') + 1, match[1].splitlines()


def program_of(source, prelude, given, includes):
    """The source file that holds all examples, and how many there are."""
    files = {}
    for file, line, lines in examples_of(source):
        files.setdefault(file, []).append((line, lines))
    top = [f'#include {name}' for name in includes] + [f'#include "hgq/{file}"' for file in files if file.endswith('.h')]
    bodies = []
    for number, (file, examples) in enumerate(files.items()):
        outside, inside = [], []
        for line, lines in examples:
            code = [f'#line {line} "{file}"']
            for at, text in enumerate(lines, line):
                if text.startswith('#include'):
                    top += [f'#line {at} "{file}"', text]
                    text = ''
                code.append(text)
            (outside if DECLARATION.match(next(filter(str.strip, lines))) else inside).extend(code)
        bodies += [f'namespace example_{number} {{', '#line 1 "GIVEN of this test"', given.get(file, ''), *outside,
                   '[[maybe_unused]] static void example() {', *inside, '}', '}']
    return '\n'.join([*top, '#line 1 "prelude"', 'namespace hgq {', prelude, *bodies, '}', '']), sum(map(len, files.values()))


def compiler_call(build):
    """The compiler and what it has to know to read our headers, as the build tells it."""
    commands = json.loads((build / 'compile_commands.json').read_text())
    command = next(c for c in commands if '/hgq_callbacks.dir/' in c['command'])
    words = shlex.split(command['command'])
    kept = [next(word for word in words if '++' in pathlib.Path(word).name)]  # behind ccache, where that is used
    for at, word in enumerate(words):
        if word.startswith(('-I', '-D', '-std=')):
            kept.append(word)
        elif word in ('-isystem', '-include'):
            kept += words[at:at + 2]
    return kept


def faults_of(source, compiler, prelude=PRELUDE, given=GIVEN, includes=INCLUDES):
    """What the compiler says, and the number of examples."""
    program, count = program_of(source, prelude, given, includes)
    done = subprocess.run([*compiler, '-fsyntax-only', '-w', '-x', 'c++', '-'], input=program, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        return done.stderr or 'the compiler failed without a word', count
    return ('' if count else 'found no example: expected them in the comments that open headers'), count


def check_the_test(compiler):
    """A wrong example is found at its line; right ones, and what is no C++, pass."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder)
        (source / 'include').mkdir()
        (source / 'include/hgq').symlink_to(source)
        (source / 'core').mkdir()
        (source / 'core/good.h').write_text(
            '// Adds.\n//\n//   const int sum = add(one, 2);    // 3\n//\n// Then:\n//\n//   sum + 1;\n//\n// Or a class:\n//\n'
            '//   struct Adder {\n//     template <typename T> T of(T t) { return t; }\n//   };\n//\n// In a config:\n//\n'
            '//   sum: {of: [1, 2]}\n//\n// It does:\n//   1. this;\n//   2. that\n#pragma once\nint add(int a, int b);\n')
        (source / 'core/bad.h').write_text('// Subtracts.\n//\n//   int a = 1;\n//   subtract(a);\n#pragma once\n')
        call = [compiler[0], '-std=c++20', f'-I{source}/include']
        faults, count = faults_of(source, call, 'extern int one;', {}, [])
        (source / 'core/bad.h').unlink()
        rest, good = faults_of(source, call, 'extern int one;', {}, [])
        (source / 'core/good.h').unlink()
        nothing, _ = faults_of(source, call, '', {}, [])
    if count != 4 or good != 3 or 'core/bad.h:4' not in faults or rest or not nothing:
        sys.exit(f'found in {count} examples:\n{faults}\nexpected 4, and one error at core/bad.h:4; in {good} good ones:\n{rest}\n'
                 f'in none: {nothing}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--source', type=pathlib.Path)
    parser.add_argument('--build', type=pathlib.Path, required=True)
    parser.add_argument('--check-the-test', action='store_true')
    args = parser.parse_args()
    if args.check_the_test:
        return check_the_test(compiler_call(args.build))
    faults, count = faults_of(args.source, compiler_call(args.build))
    print(faults or f'{count} examples compile')
    return 1 if faults else 0


if __name__ == '__main__':
    sys.exit(main())
