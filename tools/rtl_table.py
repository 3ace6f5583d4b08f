#!/usr/bin/env python3
"""RTL of proxies in every form, simulated against the emulator: each language, target and number of registers. Python's standard
library only; Verilator (or Icarus Verilog) and GHDL must be installed.

    tools/rtl_table.py [--program build/bin/hgq-train] [--rows N] [--few] PROXY[@DATA:INPUTS[,INPUTS...]] ...

Rows are those of DATA (an HDF5 file) with the given dataset, or N random ones, of which a quarter goes beyond the types. --few takes
three of the twelve forms for each proxy, other ones for each next. Prints a line for each form; exit code 1 if any row differs.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

# Clocks for each pipeline: none, and two.
REGISTERS = ([], ['--latency', '2'], ['--stage-delay', '2'])
FORMS = [(language, target, registers) for language in ('verilog', 'vhdl') for target in ('generic', 'xilinx')
         for registers in REGISTERS]


def run(arguments):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--program', default='build/bin/hgq-train', type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument('--rows', type=int, default=600)
    parser.add_argument('--few', action='store_true')
    parser.add_argument('--extra', action='append', default=[], help='one more option for `rtl`, as --extra=--softmax=logits')
    parser.add_argument('proxies', nargs='+')
    options = parser.parse_args()

    differ = refused = simulated = rows_in_all = 0
    for number, argument in enumerate(options.proxies):
        proxy, _, rest = argument.partition('@')
        data, _, inputs = rest.partition(':')
        sets = inputs.split(',') if inputs else [None]
        forms = FORMS if not options.few else [FORMS[(5 * number + 4 * i) % len(FORMS)] for i in range(3)]
        for language, target, registers in forms:
            begin = time.time()
            folder = pathlib.Path(tempfile.mkdtemp()) / 'rtl'
            name = f'{proxy} {language} {target} {" ".join(registers) or "combinational"}'
            made = run([options.program, 'rtl', proxy, '--out', folder, '--language', language, '--target', target, '--rows',
                        options.rows, *registers, *options.extra])
            if made.returncode != 0:
                print(f'{name}: refused: {made.stderr.strip()}', flush=True)
                refused += 1
                continue
            for rows in sets:
                of_rows = ['--data', data, '--inputs', rows] if rows else []
                found = run([options.program, 'verify', folder, '--json', *of_rows])
                try:
                    report = json.loads(found.stdout)
                except json.JSONDecodeError:
                    report = {'equal': False, 'rows': 0, 'rows_with_overflow': 0, 'differences': found.stderr}
                simulated += 1
                rows_in_all += report['rows']
                equal = found.returncode == 0 and report['equal']
                differ += 0 if equal else 1
                print(f'{name}{" " + rows if rows else ""}: {"equal" if equal else "DIFFERS"}, {report["rows"]} rows, '
                      f'{report["rows_with_overflow"]} with overflow, {time.time() - begin:.1f} s', flush=True)
                if not equal:
                    print(report['differences'], flush=True)
            shutil.rmtree(folder.parent)
    print(f'{simulated} simulations of {rows_in_all} rows: {differ} that differ, {refused} refused')
    return 1 if differ or refused else 0


if __name__ == '__main__':
    sys.exit(main())
