#!/usr/bin/env python3
"""Data that stand in for those of three published networks, which may not or need not be copied. Python's standard library only.

    scripts/stand_in_data.py [images|muon|jets ...]          all three without arguments; into data/stand_in/

images.npz  32 x 32 x 3 bytes, 10 classes: Fashion-MNIST (Debian package dataset-fashion-mnist) in a frame, in three colours
muon.npz    hits of a muon in three stations of a detector, 50 strips with 3, 2, 2 layers, and its angle in degrees: straight tracks
            with noise, layers that miss a hit, and stray hits
jets.npz    64 particles of 16 features, ordered by momentum, 5 classes: clouds around 1, 2, 3 axes of different width
The networks are those of apps/configs/svhn_cnn.yaml, muon.yaml, jet_mixer.yaml.
"""
import array
import gzip
import io
import math
import pathlib
import random
import sys
import zipfile

FASHION = pathlib.Path('/usr/share/datasets/fashion-mnist')
OUT = pathlib.Path(__file__).resolve().parent.parent / 'data/stand_in'


def npy(kind, shape, content):
    header = repr({'descr': kind, 'fortran_order': False, 'shape': tuple(shape)}).encode()
    header += b' ' * (-(len(header) + 11) % 64) + b'\n'
    return b'\x93NUMPY\x01\x00' + len(header).to_bytes(2, 'little') + header + content


def write(name, arrays):
    OUT.mkdir(parents=True, exist_ok=True)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as z:
        for key, value in arrays.items():
            z.writestr(key + '.npy', npy(*value))
    (OUT / (name + '.npz.part')).write_bytes(whole.getvalue())
    (OUT / (name + '.npz.part')).rename(OUT / (name + '.npz'))
    print(OUT / (name + '.npz'))


def floats(values, *shape):
    return '<f4', shape, array.array('f', values).tobytes()


def images():
    arrays = {}
    for end, part, count in (('', 'train', 20000), ('_test', 't10k', 4000)):
        try:
            pixels = gzip.open(FASHION / f'{part}-images-idx3-ubyte.gz').read()[16:]
            labels = gzip.open(FASHION / f'{part}-labels-idx1-ubyte.gz').read()[8:]
        except FileNotFoundError:
            sys.exit('stand_in_data.py: Fashion-MNIST is not there; apt-get install dataset-fashion-mnist')
        brighter = bytes(min(255, v + 40) for v in range(256))
        darker = bytes(v // 2 for v in range(256))
        out = bytearray(count * 32 * 32 * 3)
        for row in range(count * 28):
            at = ((row // 28 * 32 + row % 28 + 2) * 32 + 2) * 3
            line = pixels[row * 28:row * 28 + 28]
            for colour, table in enumerate((None, brighter, darker)):
                out[at + colour:at + colour + 84:3] = line if table is None else line.translate(table)
        arrays['x' + end] = '|u1', (count, 32, 32, 3), bytes(out)
        arrays['y' + end] = '|u1', (count,), labels[:count]
    write('images', arrays)


def muon():
    numbers = random.Random(1)
    arrays = {}
    for end, count in (('', 40000), ('_test', 10000)):
        stations = [bytearray(count * 50 * layers) for layers in (3, 2, 2)]
        angles = []
        for event in range(count):
            angle = numbers.uniform(-0.25, 0.25)
            middle = numbers.uniform(20, 30)
            angles.append(math.degrees(angle))
            for station, (hits, layers) in enumerate(zip(stations, (3, 2, 2))):
                for layer in range(layers):
                    depth = 40 * (station - 1) + 5 * layer
                    strip = middle + angle * depth + numbers.gauss(0, 0.3) + 0.5 * (layer % 2)
                    if numbers.random() < 0.95 and 0 <= strip < 50:
                        hits[(event * 50 + int(strip)) * layers + layer] = 1
                    if numbers.random() < 0.1:
                        hits[(event * 50 + numbers.randrange(50)) * layers + layer] = 1
        for station, (hits, layers) in enumerate(zip(stations, (3, 2, 2))):
            arrays[f'm{station + 1}{end}'] = '|u1', (count, 50, layers), bytes(hits)
        arrays['angle' + end] = floats(angles, count, 1)
    write('muon', arrays)


def jets():
    numbers = random.Random(2)
    arrays = {}
    for end, count in (('', 8000), ('_test', 2000)):
        x = array.array('f')
        labels = bytearray()
        for _ in range(count):
            label = numbers.randrange(5)
            labels.append(label)
            axes = [(numbers.gauss(0, 0.3), numbers.gauss(0, 0.3)) for _ in range((1, 1, 2, 2, 3)[label])]
            width = (0.05, 0.12, 0.04, 0.08, 0.06)[label]
            momenta = sorted((numbers.expovariate(1) ** 2 for _ in range(64)), reverse=True)
            total = sum(momenta)
            for momentum in momenta:
                eta, phi = (c + numbers.gauss(0, width) for c in numbers.choice(axes))
                share, distance = momentum / total, math.hypot(eta, phi)
                px, py, pz = momentum * math.cos(phi), momentum * math.sin(phi), momentum * math.sinh(eta)
                x.extend((px, py, pz, momentum * math.cosh(eta), momentum, share, math.log(momentum + 1e-6), math.log(share + 1e-6),
                          eta, phi, distance, distance * distance, share * distance, eta * phi, math.cos(phi), math.tanh(eta)))
        arrays['x' + end] = floats(x, count, 64, 16)
        arrays['y' + end] = '|u1', (count,), bytes(labels)
    write('jets', arrays)


def main():
    known = {'images': images, 'muon': muon, 'jets': jets}
    wanted = sys.argv[1:] or list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f'stand_in_data.py: there is no {unknown[0]!r}; there are {", ".join(known)}')
    for name in wanted:
        known[name]()


if __name__ == '__main__':
    main()
