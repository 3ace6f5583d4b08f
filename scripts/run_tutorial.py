#!/usr/bin/env python3
"""Runs the commands of a page, docs/tutorial.md if none is given, in an empty folder, and compares what they print with
what the page shows.

    run_tutorial.py --program build/bin/hgq-train [--hls4ml venv/bin/python] [--update] [--keep] [PAGE]

Blocks of the page:
    ```python file=NAME      a file that is written (any language)
    ```console               lines that begin with "$ " are run by bash, the lines below are what they print
    ```console numbers       the same; numbers may differ from the page (they depend on processor and libraries)
    ```console hls4ml        run with --hls4ml alone, in an environment that has hls4ml and h5py; may have `numbers`, too
    ```console simulator     run where there is Verilator or Icarus Verilog; may have `numbers`, too
A line "..." stands for any lines. A command that fails shows "(exit code N)" as its last line. Other blocks are not run.
--update writes what is printed into the page, but where "..." stands and all else is right. Python's standard library only.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
NUMBER = re.compile(r'-?\d+(?:\.\d+)?(?:e[-+]?\d+)?[kMGT]?')


def blocks(page):
    """(first line behind the opening fence, line of the closing fence, words of the opening fence)"""
    start = None
    for number, line in enumerate(page):
        if line.startswith('```'):
            if start is None:
                start, words = number + 1, line[3:].split()
            else:
                yield start, number, words
                start = None
    if start is not None:
        raise SystemExit(f'the block at line {start} is not closed')


def commands(lines):
    """(command, what it prints) of a console block; a line that ends with a backslash goes on in the next"""
    found = []
    goes_on = False
    for line in lines:
        if goes_on:
            found[-1][0] += '\n' + line
        elif line.startswith('$ '):
            found.append([line[2:], []])
        elif found:
            found[-1][1].append(line)
        goes_on = (goes_on or line.startswith('$ ')) and line.endswith('\\')
    return found


def run(command, environment):
    result = subprocess.run(['bash', '-c', command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                            text=True, env=environment, timeout=600, check=False)
    printed = [line.rstrip() for line in result.stdout.splitlines()]
    if result.returncode != 0:
        printed.append(f'(exit code {result.returncode})')
    return printed


def masked(line, numbers):
    return ' '.join(NUMBER.sub('#', line).split()) if numbers else line.rstrip()


def matches(expected, printed, numbers):
    """Whether the lines are the same; '...' stands for any number of lines."""
    if not expected:
        return not printed
    if expected[0] == '...':
        return any(matches(expected[1:], printed[skip:], numbers) for skip in range(len(printed) + 1))
    return bool(printed) and masked(expected[0], numbers) == masked(printed[0], numbers) and matches(expected[1:], printed[1:], numbers)


def environment_of(args, folder):
    """hgq-train on the path, data/, tools/ and, for the part of hls4ml, venv/ in the folder, as the pages name them."""
    environment = dict(os.environ, PATH=f'{pathlib.Path(args.program).resolve().parent}:{os.environ["PATH"]}', COLUMNS='120', LC_ALL='C.UTF-8')
    for name in ('data', 'tools'):
        (folder / name).symlink_to(SOURCE / name)
    if args.hls4ml:
        python = pathlib.Path(args.hls4ml).absolute()
        (folder / 'venv').symlink_to(python.parent.parent)
    return environment


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('page', nargs='?', default=SOURCE / 'docs/tutorial.md', type=pathlib.Path)
    parser.add_argument('--program', required=True, help='path of hgq-train')
    parser.add_argument('--hls4ml', help='Python of an environment with hls4ml; the blocks that need it are left out without it')
    parser.add_argument('--update', action='store_true', help='write what is printed into the page')
    parser.add_argument('--keep', action='store_true', help='leave the folder there, and name it')
    args = parser.parse_args()
    args.page = args.page.resolve()
    page = args.page.read_text().split('\n')
    edits = []  # (from, to, lines), from the back at the end
    counts = {'run': 0, 'wrong': 0, 'left out': 0}
    holder = tempfile.TemporaryDirectory(prefix='hgq_tutorial_')
    folder = pathlib.Path(holder.name)
    environment = environment_of(args, folder)
    os.chdir(folder)
    simulator = shutil.which('verilator') or shutil.which('iverilog')
    for start, end, words in blocks(page):
        for word in words:
            if word.startswith('file='):
                pathlib.Path(word[5:]).write_text('\n'.join(page[start:end]) + '\n')
        if not words or words[0] != 'console':
            continue
        if ('hls4ml' in words and not args.hls4ml) or ('simulator' in words and not simulator):
            counts['left out'] += len(commands(page[start:end]))
            continue
        lines = []
        for command, expected in commands(page[start:end]):
            begin = time.monotonic()
            printed = run(command, environment)
            counts['run'] += 1
            is_right = matches(expected, printed, 'numbers' in words)
            lines += ['$ ' + command, *(expected if is_right and '...' in expected else printed)]
            if is_right:
                print(f'{args.page.name}:{start + 1}: as the page shows, {time.monotonic() - begin:.1f} s: {command.splitlines()[0]}')
                continue
            counts['wrong'] += 1
            print(f'{args.page.name}:{start + 1}: $ {command}\n--- the page shows\n' + '\n'.join(expected) + '\n--- it prints\n' + '\n'.join(printed))
        edits.append((start, end, lines))
    if args.update:
        for start, end, lines in reversed(edits):
            page[start:end] = '\n'.join(lines).split('\n')
        args.page.write_text('\n'.join(page))
    if args.keep:
        holder._finalizer.detach()
        print(f'kept: {folder}')
    os.chdir(SOURCE)
    print(f'{counts["run"]} commands run, {counts["wrong"]} print something else, {counts["left out"]} left out (they need --hls4ml, or a simulator)')
    return 1 if counts['wrong'] or not counts['run'] else 0


if __name__ == '__main__':
    sys.exit(main())
