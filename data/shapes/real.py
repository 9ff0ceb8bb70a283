#!/usr/bin/env python3
"""Builds folders laid out as on the model hub out of the two models in this repository: all-MiniLM-L6-v2 with its int8
weights and with them widened to floats, and multilingual-e5-small with its table of words inside the graph. Together they
take some 220 MB, so they are made where they are wanted and not kept:

    python3 -m venv venv && venv/bin/pip install numpy onnx tokenizers
    venv/bin/python data/shapes/real.py OUT
    IBID_TEST_MODELS=OUT cargo test -p ibid-embed zoo
"""

import json
import pathlib
import shutil
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
E5 = MODELS / "multilingual-e5-small"
HIDDEN, BLOCK = 384, 32
N_WORDS = 250_002


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n")


def lay_out(folder, config, length):
    base = "sentence_transformers.models."
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    write(folder / "modules.json", [{"path": path, "type": base + kind} for path, kind in kinds])
    write(folder / "1_Pooling/config.json", {"pooling_mode_mean_tokens": True})
    write(folder / "config.json", config)
    write(folder / "sentence_bert_config.json", {"max_seq_length": length, "do_lower_case": False})
    (folder / "onnx").mkdir(exist_ok=True)


def without_pooling(graph):
    """Gives the vectors of the tokens: what the last norm gives, which is pooled after it."""
    last = [node for node in graph.node if node.op_type == "LayerNormalization"][-1].output[0]
    graph.node.append(helper.make_node("Identity", [last], ["last_hidden_state"]))
    del graph.output[:]
    shape = ["batch", "sequence", HIDDEN]
    graph.output.append(helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, shape))
    wanted, kept = {"last_hidden_state"}, []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))


def widened(graph):
    """Puts a product of floats in the place of each product of whole numbers."""
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    made_by = {output: node for node in graph.node for output in node.output}
    nodes = []
    for node in graph.node:
        product = made_by.get(node.input[0]) if node.op_type == "Mul" else None
        product = made_by.get(product.input[0]) if product is not None and product.op_type == "Cast" else None
        if product is not None and product.op_type == "MatMulInteger":
            name = product.input[1]
            scale = weights[name.removesuffix(".q") + ".s"]
            if name + ".float" not in weights:
                weights[name + ".float"] = weights[name].astype(np.float32) * scale
                graph.initializer.append(numpy_helper.from_array(weights[name + ".float"], name + ".float"))
            x = made_by[product.input[0]].input[0]
            node = helper.make_node("MatMul", [x, name + ".float"], node.output)
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def swept(graph):
    """Leaves out the weights that no node asks for."""
    asked = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in asked]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def minilm(folder, in_floats):
    model = onnx.load(MODELS / "all-MiniLM-L6-v2-int8.onnx")
    if in_floats:
        widened(model.graph)
    without_pooling(model.graph)
    swept(model.graph)
    lay_out(folder, {"model_type": "bert", "max_position_embeddings": 512, "pad_token_id": 0}, 256)
    onnx.save(model, folder / "onnx/model.onnx")
    shutil.copy(MODELS / "tokenizer.json", folder / "tokenizer.json")


def table_of_words():
    """The rows as whole numbers, and their scales."""
    raw = np.fromfile(E5 / "words.q4", np.uint8).reshape(-1, HIDDEN // BLOCK, 2 + BLOCK // 2)[:N_WORDS]
    scales = raw[:, :, :2].copy().view(np.float16)[:, :, 0].astype(np.float32)
    digits = np.concatenate([raw[:, :, 2:] & 15, raw[:, :, 2:] >> 4], axis=2)
    return digits.astype(np.int8) - 8, scales


def e5(folder):
    model = onnx.load(E5 / "multilingual-e5-small-int8.onnx")
    graph = model.graph
    digits, scales = table_of_words()
    for name, array in [("table.q", digits), ("table.s", scales[:, :, None]), ("row", np.array([0, 0, HIDDEN]))]:
        graph.initializer.append(numpy_helper.from_array(array, name))
    looked_up = [
        helper.make_node("Gather", ["table.q", "input_ids"], ["row.q"]),
        helper.make_node("Cast", ["row.q"], ["row.f"], to=TensorProto.FLOAT),
        helper.make_node("Gather", ["table.s", "input_ids"], ["row.s"]),
        helper.make_node("Mul", ["row.f", "row.s"], ["row.blocks"]),
        helper.make_node("Reshape", ["row.blocks", "row"], ["words"]),
    ]
    nodes = looked_up + list(graph.node)
    del graph.node[:]
    graph.node.extend(nodes)
    del graph.input[:]
    for name in ["input_ids", "attention_mask", "token_type_ids"]:
        graph.input.append(helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"]))
    without_pooling(graph)
    config = {"model_type": "xlm-roberta", "max_position_embeddings": 514, "pad_token_id": 1}
    lay_out(folder, config, 512)
    onnx.save(model, folder / "onnx/model.onnx")
    unigrams().save(str(folder / "tokenizer.json"))


def unigrams():
    """The vocabulary of `pieces.bin`, which `build.py` beside it describes; characters are replaced by Unicode's rule
    alone, so texts with rarer ones may be cut otherwise."""
    raw = (E5 / "pieces.bin").read_bytes()
    n_pieces, n_bytes, *_ = struct.unpack_from("<4If", raw)
    at = struct.calcsize("<4If")
    starts = np.frombuffer(raw, "<u4", n_pieces + 1, at)
    ids = np.frombuffer(raw, "<u4", n_pieces, at := at + 4 * (n_pieces + 1))
    scores = np.frombuffer(raw, "<f4", n_pieces, at := at + 4 * n_pieces)
    text = raw[at + 4 * n_pieces :][:n_bytes]
    pieces = [(f"<none {number}>", -1e9) for number in range(N_WORDS)]
    for place, number in enumerate(ids):
        pieces[number] = (text[starts[place] : starts[place + 1]].decode(), float(scores[place]))
    for number, name in enumerate(["<s>", "<pad>", "</s>", "<unk>"]):
        pieces[number] = (name, 0.0)
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    spaces = normalizers.Replace(Regex(r"\s+"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), spaces])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    frame = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=frame)
    return tokenizer


def main():
    out = pathlib.Path(sys.argv[1])
    minilm(out / "minilm-int8", in_floats=False)
    minilm(out / "minilm-floats", in_floats=True)
    e5(out / "multilingual-e5-small")


if __name__ == "__main__":
    main()
