#!/usr/bin/env python3
"""The C++ of docs/adding-a-layer.md is that of apps/examples/custom_layer.cpp, which is compiled and run.

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
    program = (source / 'apps/examples/custom_layer.cpp').read_text()
    blocks = re.findall(r'```cpp\n(.*?)```', page, re.S)
    other = [block for block in blocks if block.strip() not in program]
    for block in other:
        print(f'docs/adding-a-layer.md: not in apps/examples/custom_layer.cpp:\n{block}')
    if len(blocks) < 3:
        print(f'docs/adding-a-layer.md: has {len(blocks)} blocks of C++, expected at least 3')
    sys.exit(bool(other) or len(blocks) < 3)


if __name__ == '__main__':
    main()
