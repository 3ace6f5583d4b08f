"""The comment that opens a header, taken apart: paragraphs of prose, and blocks that are indented by three spaces or more.

A block is an example in C++ where one of its lines ends in a semicolon, a comment behind it left out; a numbered list
never is. All other blocks are YAML, tables, or what a file looks like. Python's standard library only.
"""
import dataclasses
import re

EXAMPLE_LINE = re.compile(r'^//   +\S')
TRAILING_COMMENT = re.compile(r'\s+//\s.*$|^//\s.*$')
LIST_ITEM = re.compile(r'^(\d+\.|-) ')


@dataclasses.dataclass
class Block:
    """Neighbouring lines of a comment, without its slashes."""
    line: int           # of the first one, counted from 1
    lines: list         # of an example without what all of them are indented by
    example: bool

    @property
    def is_cpp(self):
        """Whether it is an example in C++."""
        if not self.example or LIST_ITEM.match(self.lines[0]):
            return False
        return any(TRAILING_COMMENT.sub('', line).rstrip().endswith(';') for line in self.lines)


def opening_comment(text):
    """The lines of the // comment that a file begins with, with the slashes."""
    lines = []
    for line in text.splitlines():
        if not line.startswith('//') or line.startswith('///'):
            break
        lines.append(line)
    return lines


def blocks_of(text):
    """The blocks of a file's opening comment. An empty line within an example is part of it."""
    blocks = []
    for number, line in enumerate(opening_comment(text), 1):
        example = bool(EXAMPLE_LINE.match(line))
        body = line[2:] if example else line[2:].strip()
        last = blocks[-1] if blocks else None
        if not body:
            if last:
                last.lines.append('')
        elif last and last.example == example and (example or last.lines[-1]):
            last.lines.append(body)
        else:
            blocks.append(Block(number, [body], example))
    for block in blocks:
        while not block.lines[-1]:
            block.lines.pop()
        if block.example:
            indent = min(len(line) - len(line.lstrip()) for line in block.lines if line)
            block.lines = [line[indent:] for line in block.lines]
    return blocks
