#!/usr/bin/env python3
"""Every citation leads somewhere: of a section ('quantization.md 3.2', 'proxy-format.md 1.4.2 and 1.5'), of a document
('docs/tutorial.md'), of a source file ('proxy/builder.h'), and a link of Markdown. A document that lists files lists all
of them. Python's standard library only.

    citations_test.py --source .            what is wrong, a line each; the exit code is 1 then
    citations_test.py --check-the-test      the same on small texts with known faults
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SECTIONS = re.compile(r'\b(quantization|proxy-format)\.md,? (\d+(?:\.\d+)*(?:(?:, | and | to )\d+(?:\.\d+)*)*)')
DOCUMENT = re.compile(r'(?<![\w/.*-])((?:[\w.-]+/)*[\w-]+\.md)\b')
SOURCE = re.compile(r'(?<![\w/.*<-])(?:hgq/)?((?:apps|autograd|callbacks|cmake|config|core|data|deploy|layers|optim|proxy|report|rtl|scripts|sweep|tests|'
                    r'tools)/[\w./-]+\.(?:h|cpp|py|sh|cmake))\b(?!\.in)')
LINK = re.compile(r'\]\(([^)#\s]+)(?:#[^)]*)?\)')
LISTS = {'apps/examples/README.md': ('apps/examples/*.cpp', 'apps/configs/*.yaml')}
FOLDERS = ('', 'docs', 'docs/spec')
TESTS_OF_TEXTS = ('citations_test.py', 'header_examples_test.py')  # which make files of their own
SUFFIXES = ('.h', '.cpp', '.py', '.cmake', '.md', '.sh')


def sections_of(document):
    """The numbers of a document's headings."""
    return set(re.findall(r'^#+ (\d+(?:\.\d+)*)\.? ', document.read_text(), re.MULTILINE))


def joined(text):
    """Comments as running text, so that a citation may stand across two lines."""
    return re.sub(r'\n\s*(?://+|#|\*)?[ \t]*', ' ', text)


def find_faults(source, files):
    """The citations of these files that lead nowhere, a line each."""
    specifications = {path.name: sections_of(path) for path in (source / 'docs' / 'spec').glob('*.md')}
    faults = []
    for name in files:
        text = (source / name).read_text(errors='replace')
        for document, numbers in SECTIONS.findall(joined(text)):
            known = specifications.get(document + '.md', set())
            faults += [f"{name}: there is no section {number} in docs/spec/{document}.md"
                       for number in re.findall(r'[\d.]+', numbers) if number not in known]
        beside = pathlib.PurePath(name).parent
        prose = re.sub(r'^```.*?^```', '', text, flags=re.MULTILINE | re.DOTALL)  # commands name files that they make
        for cited in sorted(set(DOCUMENT.findall(prose))):
            places = [source / folder / cited for folder in (*FOLDERS, beside)]
            if not any(place.is_file() for place in places):
                faults.append(f"{name}: there is no document '{cited}'")
        for cited in sorted(set(SOURCE.findall(text))):
            if not (source / cited).is_file() and not (source / beside / cited).is_file():
                faults.append(f"{name}: there is no file '{cited}'")
        if name.endswith('.md'):
            faults += [f"{name}: there is nothing at the link '{link}'" for link in LINK.findall(prose)
                       if '://' not in link and not (source / beside / link).exists()]
        for pattern in LISTS.get(name, ()):
            faults += [f"{name}: the list lacks '{path.relative_to(source)}'" for path in sorted(source.glob(pattern))
                       if f'{path.name})' not in text]
    return faults


def tracked_files(source):
    """The texts of the project; outside a clone all that are not built."""
    listed = subprocess.run(['git', 'ls-files'], cwd=source, capture_output=True, text=True, check=False)
    names = listed.stdout.splitlines() if listed.returncode == 0 else [
        os.path.relpath(path, source) for path in source.rglob('*') if path.is_file()]
    return [name for name in names if name.endswith(SUFFIXES) and not name.startswith('build')
            and not name.endswith(TESTS_OF_TEXTS) and (source / name).is_file()]


def check_the_test():
    """Known faults are found, and what is right is left alone."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder)
        (source / 'docs' / 'spec').mkdir(parents=True)
        (source / 'core').mkdir()
        (source / 'docs/spec/quantization.md').write_text('# Title\n\n## 1 Quantizer\n\n### 1.2 Backward\n')
        (source / 'core/good.h').write_text('// As quantization.md\n// 1.2 and 1; docs/spec/quantization.md, core/good.h.\n')
        (source / 'core/bad.h').write_text('// quantization.md 1.2, 1.3; docs/none.md, core/none.h, hgq/proxy/none.h; proxy-format.md 1.\n')
        (source / 'apps' / 'examples').mkdir(parents=True)
        for program in ('one', 'two'):
            (source / f'apps/examples/{program}.cpp').touch()
        (source / 'apps/examples/README.md').write_text('[one](one.cpp), [far](https://far.org/x), [out](../out.yaml), [up](..)\n')
        faults = find_faults(source, ['core/good.h', 'core/bad.h', 'apps/examples/README.md'])
    expected = ["core/bad.h: there is no section 1.3 in docs/spec/quantization.md",
                "core/bad.h: there is no section 1 in docs/spec/proxy-format.md",
                "core/bad.h: there is no document 'docs/none.md'",
                "core/bad.h: there is no document 'proxy-format.md'",
                "core/bad.h: there is no file 'core/none.h'",
                "core/bad.h: there is no file 'proxy/none.h'",
                "apps/examples/README.md: there is nothing at the link '../out.yaml'",
                "apps/examples/README.md: the list lacks 'apps/examples/two.cpp'"]
    if faults != expected:
        sys.exit('found:\n' + '\n'.join(faults) + '\nexpected:\n' + '\n'.join(expected))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--source', type=pathlib.Path)
    parser.add_argument('--check-the-test', action='store_true')
    args = parser.parse_args()
    if args.check_the_test:
        return check_the_test()
    files = tracked_files(args.source)
    faults = find_faults(args.source, files)
    print('\n'.join(faults) if faults else f'{len(files)} files, every citation leads somewhere')
    return sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
