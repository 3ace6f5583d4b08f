"""Writes h5py_types.h5: one small dataset of every stored form that hgq reads, as h5py writes it.

The values of every numeric dataset are 0 to 23 in the shape (6, 4), divided by 4 where the type is a floating one.
"""

import sys

import h5py
import numpy as np

integers = np.arange(24).reshape(6, 4)
with h5py.File(sys.argv[1], "w") as f:
    for kind in "iu":
        for size in 1, 2, 4, 8:
            for order in "<>":
                f.create_dataset(f"numbers/{'little' if order == '<' else 'big'}_{kind}{8 * size}", data=integers.astype(f"{order}{kind}{size}"))
    for size in 2, 4, 8:
        for order in "<>":
            f.create_dataset(f"numbers/{'little' if order == '<' else 'big'}_f{8 * size}", data=(integers / 4).astype(f"{order}f{size}"))
    x = integers.astype("f4") / 4
    f.create_dataset("chunked", data=x, chunks=(4, 3))
    f.create_dataset("gzip", data=x, chunks=(4, 4), compression="gzip", compression_opts=9)
    f.create_dataset("gzip_shuffle_fletcher", data=x, chunks=(2, 4), compression="gzip", shuffle=True, fletcher32=True)
    f.create_dataset("lzf", data=x, chunks=(4, 4), compression="lzf")
    f.create_dataset("lzf_long", data=np.tile(np.arange(1000, dtype="i4") % 7, 50).reshape(500, 100), chunks=(250, 100), compression="lzf")
    f.create_dataset("lzf_shuffle", data=x, chunks=(6, 4), compression="lzf", shuffle=True)
    f.create_dataset("lzf_incompressible", data=np.random.default_rng(1).integers(0, 256, 4096, dtype="u1"), chunks=(4096,), compression="lzf")
    f["soft"] = h5py.SoftLink("/numbers/little_f32")
    f["dangling"] = h5py.SoftLink("/numbers/nowhere")
    f.create_dataset("flags", data=np.array([True, False, True]))
    f.create_dataset("scalar", data=np.float64(2.5))
    f.create_dataset("nothing", data=h5py.Empty("f4"))
    f.create_dataset("all_halves", data=np.arange(65536, dtype="u2").view("f2"), compression="gzip", compression_opts=9, shuffle=True)
    f.create_dataset("text_variable", data=["gamma", "", "h\u00e4dron"], dtype=h5py.string_dtype())
    f.create_dataset("text_fixed", data=np.array([b"gamma", b"", b"hadron"]))
    table = np.zeros(3, dtype=[("pt", "f4"), ("eta", ">f8"), ("charge", "i1"), ("cov", "f4", (2, 2)), ("name", "S4")])
    table["pt"], table["eta"], table["charge"] = [1, 2, 3], [0.5, -0.5, 0.25], [1, -1, 1]
    table["cov"] = np.arange(12).reshape(3, 2, 2)
    f.create_dataset("table", data=table)
    f.attrs["empty"] = np.zeros(0)
    f.attrs["fixed"] = np.array([b"a", b"bc"])
    f.attrs["one"] = "text"
    f.attrs["number"] = 3
