"""Writes an HDF5 file of one packed dataset by hand, as a hostile program could: any claim, any bytes behind it. Python's
standard library only; the format is that of libhdf5's oldest versions (superblock 0, B-trees 1)."""
import struct

NOWHERE = 0xffffffffffffffff


def message(kind, body):
    body = body.ljust((len(body) + 7) // 8 * 8, b'\0')
    return struct.pack('<HHB3x', kind, len(body), 0) + body


def header(*messages):
    body = b''.join(messages)
    return struct.pack('<BxHII4x', 1, len(messages), 1, len(body)) + body


def deflated_dataset(name, rows, columns, packed):
    """Float32 of shape [rows, columns], in one chunk that holds all of it, whose packed bytes are `packed`."""
    root, group_tree, heap, names, symbols, dataset = 96, 136, 680, 712, 728, 1056
    types = struct.pack('<B3BIHH4BI', 0x11, 0x20, 31, 0, 4, 0, 32, 23, 8, 0, 23, 127)

    def dataset_header(tree):
        return header(message(1, struct.pack('<BBB5xQQ', 1, 2, 0, rows, columns)), message(3, types),
                      message(5, struct.pack('<4BI', 2, 3, 2, 1, 0)),
                      message(8, struct.pack('<3BQIII', 3, 2, 3, tree, rows, columns, 4)),
                      message(11, struct.pack('<BB6xHHHHII', 1, 1, 1, 0, 0, 1, 6, 0)))

    chunk_tree = dataset + len(dataset_header(0))
    chunk = chunk_tree + 24 + 65 * 32 + 64 * 8
    tree = b'TREE' + struct.pack('<BBHQQ', 1, 0, 1, NOWHERE, NOWHERE)
    tree += struct.pack('<IIQQQ', len(packed), 0, 0, 0, 0) + struct.pack('<Q', chunk) + struct.pack('<IIQQQ', 0, 0, rows, columns, 0)
    parts = {0: b'\x89HDF\r\n\x1a\n' + struct.pack('<8BHHI', 0, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0) +
                struct.pack('<QQQQ', 0, NOWHERE, chunk + len(packed), NOWHERE) + struct.pack('<QQIIQQ', 0, root, 1, 0, group_tree, heap),
             root: header(message(0x11, struct.pack('<QQ', group_tree, heap))),
             group_tree: b'TREE' + struct.pack('<BBHQQQQQ', 0, 0, 1, NOWHERE, NOWHERE, 0, symbols, 8),
             heap: b'HEAP' + struct.pack('<B3xQQQ', 0, 16, 1, names),
             names: bytes(8) + name.encode().ljust(8, b'\0'),
             symbols: b'SNOD' + struct.pack('<BBHQQII16x', 1, 0, 1, 8, dataset, 0, 0),
             dataset: dataset_header(chunk_tree), chunk_tree: tree, chunk: packed}
    file = bytearray(chunk + len(packed))
    for place, content in parts.items():
        file[place:place + len(content)] = content
    return bytes(file)
