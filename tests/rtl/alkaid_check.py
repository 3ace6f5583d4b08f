#!/usr/bin/env python3
"""Runs circuits in ALIR with alkaid's interpreter: alkaid_check.py FOLDER, for each NAME.json of it on NAME.rows."""
import json
import pathlib
import sys

import numpy as np
from alkaid.types import CombLogic


def main():
    differ = 0
    files = sorted(pathlib.Path(sys.argv[1]).glob('*.json'))
    for file in files:
        rows = json.loads(file.with_suffix('.rows').read_text())
        wanted = np.array(rows['outputs'], dtype=np.float64)
        got = CombLogic.load(file).predict(np.array(rows['inputs'], dtype=np.float64))
        wrong = int((got != wanted).any(axis=1).sum())
        differ += wrong
        print(f'{file.stem}: {len(wanted)} rows, {wrong} differ')
    print(f'{len(files)} circuits')
    return 1 if differ or not files else 0


if __name__ == '__main__':
    sys.exit(main())
