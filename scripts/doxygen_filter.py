#!/usr/bin/env python3
"""A header as doxygen is to read it: the // comment that opens it becomes the page of the file, the // comments behind
the fields of a struct or the values of an enumeration become their documentation, and a class without a comment of its
own gets the first paragraph of the page. Lines keep their numbers.

    doxygen_filter.py core/arena.h
"""
import pathlib
import re
import sys

from header_comment import blocks_of, opening_comment

# `int64_t first = 0;  // first moment of its life`, `kCall,  // of a function`: not deeper than a struct in a class, so
# no line of a function.
FIELD_COMMENT = re.compile(r'^( {2,4}(?! ).*?[;,]|    k\w+) +// (.*)$')
CONTINUATION = re.compile(r'^ {8,}// (.*)$')
CLASS = re.compile(r'^(class|struct) [A-Z]\w*.*\{')
STATEMENT = re.compile(r'^ *(return|if|for|while|auto|const auto|using)\b')


def prose(text, escaped='<>#&$%@\\\\'):
    """Text in which signs mean themselves; `backticks` stay those of code."""
    parts = text.split('`')
    if len(parts) % 2 == 0:  # one without a partner, as of a quotation over two lines
        return re.sub(f'([{escaped}])', r'\\\1', text)
    parts[::2] = [re.sub(f'([{escaped}])', r'\\\1', part) for part in parts[::2]]
    return '`'.join(parts)


def file_page(text):
    """The opening comment as one comment of doxygen, with as many lines."""
    lines = [''] * len(opening_comment(text))
    for block in blocks_of(text):
        body = list(block.lines) if block.example else [prose(line) for line in block.lines]
        if block.example:
            # Nothing ends a comment of C, and no line is added: the marks stand beside the first and the last line.
            body = [line.replace('*/', '* /') for line in body]
            body[0] = '@code{%s}' % ('.cpp' if block.is_cpp else '.txt') + body[0]
            body[-1] += '@endcode'
        lines[block.line - 1:block.line - 1 + len(body)] = body
    if lines:
        lines[0] = '/*! ' + lines[0]
    return lines


def class_comment(path, text):
    """What stands in front of a class that has no comment of its own."""
    first = next((block for block in blocks_of(text) if not block.example), None)
    header = str(path).rsplit('/include/', maxsplit=1)[-1]
    return f'/*! ({header}) {prose(" ".join(first.lines))} */ ' if first else ''


def with_documentation(lines, of_class):
    """Comments behind declarations become ///<; those of /// have no markup but `backticks` and commands (@param)."""
    in_field_comment = False
    before = ''
    for line in lines:
        if CLASS.match(line) and not before.startswith(('///', 'template')):
            line = of_class + line
        before = line
        continued = CONTINUATION.match(line)
        if in_field_comment and continued:
            yield f'  ///< {prose(continued[1])}'
            continue
        in_field_comment = False
        documentation = re.match(r'^(\s*///<?)(.*)$', line)
        if documentation:
            yield documentation[1] + prose(documentation[2], '<>#&$%')
            continue
        match = FIELD_COMMENT.match(line)
        if match and not STATEMENT.match(line) and not line.lstrip().startswith('//'):
            line = f'{match[1]}  ///< {prose(match[2])}'
            in_field_comment = True
        yield line


def main():
    path = pathlib.Path(sys.argv[1])
    text = path.read_text()
    page = file_page(text)
    rest = text.splitlines()[len(page):]
    if page:
        page[-1] += '\n@file */'
        if rest[0] == '#pragma once':  # its line is taken
            rest = rest[1:]
    print('\n'.join(page + list(with_documentation(rest, class_comment(path, text)))))


if __name__ == '__main__':
    main()
