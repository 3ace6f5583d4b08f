#!/usr/bin/env python3
"""The floors of the code: lines of each folder, and how many includes lead from each to each. A file includes from its own
folder and from those to the left (tests/layering_test.cmake proves it). Python's standard library only.

    scripts/floors.py            two tables; then the files of more than 400 lines, if there are any
"""
import pathlib
import re

FOLDERS = ('core', 'config', 'data', 'autograd', 'proxy', 'rtl', 'layers', 'optim', 'callbacks', 'deploy', 'sweep', 'report', 'apps')


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    lines, includes, long = {}, {}, []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob('*')):
            if path.suffix not in ('.h', '.cpp'):
                continue
            text = path.read_text()
            count = len(text.splitlines())
            lines[folder] = lines.get(folder, 0) + count
            if count > 400:
                long.append(f'{path.relative_to(root)}: {count} lines')
            for other in re.findall(r'#include "hgq/([a-z_]+)/', text):
                includes[folder, other] = includes.get((folder, other), 0) + 1
    total = sum(lines.values())
    print(f'{"folder":10} {"lines":>7} {"share":>6}')
    for folder in FOLDERS:
        print(f'{folder:10} {lines[folder]:7} {100 * lines[folder] / total:5.1f}%')
    print(f'{"all":10} {total:7}\n\n{"includes":10} ' + ' '.join(f'{folder:>9}' for folder in FOLDERS))
    for folder in FOLDERS:
        print(f'{folder:10} ' + ' '.join(f'{includes.get((folder, other), ""):>9}' for other in FOLDERS))
    print('\n' + '\n'.join(long) if long else '\nno file of more than 400 lines')


if __name__ == '__main__':
    main()
