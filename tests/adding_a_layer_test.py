#!/usr/bin/env python3
"""The C++ of docs/adding-a-layer.md is that of apps/examples, which is compiled and run.

    adding_a_layer_test.py --source .
"""
import argparse
import pathlib
import re
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--source', type=pathlib.Path, default='.')
    source = parser.parse_args().source
    page = (source / 'docs/adding-a-layer.md').read_text()
    programs = [(source / 'apps/examples' / name).read_text()
                for name in ('custom_layer.cpp', 'h_gain.cpp', 'h_gain_test.cpp', 'train_gain.cpp')]
    blocks = re.findall(r'```cpp\n(.*?)```', page, re.S)
    other = [block for block in blocks if not any(block.strip() in program for program in programs)]
    for block in other:
        print(f'docs/adding-a-layer.md: not in apps/examples:\n{block}')
    if len(blocks) < 12:
        print(f'docs/adding-a-layer.md: has {len(blocks)} blocks of C++, expected at least 12')
    sys.exit(bool(other) or len(blocks) < 12)


if __name__ == '__main__':
    main()
