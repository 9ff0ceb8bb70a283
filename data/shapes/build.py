#!/usr/bin/env python3
"""Builds small models, each in a folder laid out as on the model hub, and what ONNX Runtime and numpy make with them:
embedding models with random weights in the shapes of BERT, XLM-RoBERTa and ModernBERT; a reranker with random weights in
the shape of BERT; and one that counts the words which a question and a passage share, so that its order is known. They know
no language: they are for tests of how a model is read and run, and are no use for anything else.

    python3 -m venv venv && venv/bin/pip install numpy onnx onnxruntime safetensors tokenizers
    venv/bin/python data/shapes/build.py

Equal versions write equal files. Measured with numpy 2.4.6, onnx 1.23.2, onnxruntime 1.32.0, tokenizers 0.23.3.
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

HERE = pathlib.Path(__file__).resolve().parent
HIDDEN, HEADS, INNER = 32, 4, 48
HEAD = HIDDEN // HEADS
WORDS = ["the", "starter", "doubles", "in", "four", "hours", "rye", "flour", "bread", "how", "do", "i", "reset", "router"]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,:?!"
TEXTS = [
    "",
    " \n\t ",
    "The starter doubles in four hours.",
    "how do I reset the router?",
    "Rye flour, bread: 2 kg!",
    "\n  leading and trailing white space \t",
    "Ünïcödé 日本語 🦀 \u0301",
    "fn main() { println!(\"hello\"); }",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z " * 4,
    "x" * 300,
]


PAIRS = [
    ("how do I reset the router?", "The starter doubles in four hours."),
    ("  rye flour \n", "Rye flour, bread: 2 kg!"),
    ("", "the router"),
    ("the router", ""),
    ("Ünïcödé", "日本語 🦀"),
    ("a b c d e f g h i j k l m " * 4, "n o p q r s t u v w x y z " * 4),
    ("bread", "rye " * 100),
]


class Graph:
    """Nodes in the order they are made; every operator gives its output's name."""

    def __init__(self, seed):
        self.nodes, self.weights, self.random = [], [], np.random.default_rng(seed)

    def __getattr__(self, operator):
        def node(*inputs, outputs=1, name=None, **attributes):
            names = [name or f"{operator}_{len(self.nodes)}_{i}" for i in range(outputs)]
            inputs = [each if isinstance(each, str) else self.constant(np.asarray(each)) for each in inputs]
            self.nodes.append(helper.make_node(operator, inputs, names, **attributes))
            return names[0] if outputs == 1 else names

        return node

    def constant(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def table(self, *shape, scale=None):
        scale = scale if scale is not None else 1.5 / np.sqrt(shape[0])
        return (self.random.standard_normal(shape) * scale).astype(np.float32)

    def linear(self, x, n_in, n_out, bias=True):
        x = self.MatMul(x, self.table(n_in, n_out))
        return self.Add(x, self.table(n_out, scale=0.1)) if bias else x

    def norm(self, x, bias=True):
        scale = (1 + self.table(HIDDEN, scale=0.1)).astype(np.float32)
        more = [self.table(HIDDEN, scale=0.1)] if bias else []
        return self.LayerNormalization(x, scale, *more, axis=-1, epsilon=1e-5)

    def gelu(self, x):
        half = self.Mul(x, np.float32(0.5))
        return self.Mul(half, self.Add(self.Erf(self.Div(x, np.float32(np.sqrt(2)))), np.float32(1)))

    def save(self, path, inputs, outputs):
        ends = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"]) for name in inputs]
        outs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs]
        graph = helper.make_graph(self.nodes, "shape", ends, outs, self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(model.SerializeToString())


def i64(*values):
    return np.array(values, dtype=np.int64)


def length_of(g, ids):
    return g.Gather(g.Shape(ids), np.array(1, dtype=np.int64), axis=0)


def heads(g, x):
    return g.Transpose(g.Reshape(x, i64(0, 0, HEADS, HEAD)), perm=[0, 2, 1, 3])


def attend(g, query, key, value, bias):
    scores = g.MatMul(query, g.Transpose(key, perm=[0, 1, 3, 2]))
    scores = g.Add(g.Div(scores, np.float32(np.sqrt(HEAD))), bias)
    mixed = g.MatMul(g.Softmax(scores, axis=-1), value)
    return g.Reshape(g.Transpose(mixed, perm=[0, 2, 1, 3]), i64(0, 0, HIDDEN))


def mask_bias(g, mask):
    mask = g.Cast(g.Unsqueeze(mask, i64(1, 2)), to=TensorProto.FLOAT)
    return g.Mul(g.Sub(np.float32(1), mask), np.float32(-1e30))


def post_norm_layers(g, x, bias, n_layers):
    for _ in range(n_layers):
        query, key, value = (heads(g, g.linear(x, HIDDEN, HIDDEN)) for _ in range(3))
        x = g.norm(g.Add(x, g.linear(attend(g, query, key, value, bias), HIDDEN, HIDDEN)))
        inner = g.linear(g.gelu(g.linear(x, HIDDEN, INNER)), INNER, HIDDEN)
        x = g.norm(g.Add(x, inner))
    return x


def bert_tokens(g, n_words):
    """BERT: absolute positions, token types, norms after the sums; a vector for each token."""
    places = g.Range(np.int64(0), length_of(g, "input_ids"), np.int64(1))
    x = g.Gather(g.table(n_words, HIDDEN, scale=1.0), "input_ids", axis=0)
    x = g.Add(x, g.Gather(g.table(2, HIDDEN, scale=0.5), "token_type_ids", axis=0))
    x = g.Add(x, g.Gather(g.table(64, HIDDEN, scale=0.5), places, axis=0))
    return post_norm_layers(g, g.norm(x), mask_bias(g, "attention_mask"), 2)


def bert(path, n_words):
    g = Graph(1)
    x = bert_tokens(g, n_words)
    g.Identity(x, name="last_hidden_state")
    g.Tanh(g.linear(g.Gather(x, np.array(0, dtype=np.int64), axis=1), HIDDEN, HIDDEN), name="pooler_output")
    outputs = [("last_hidden_state", ["batch", "sequence", HIDDEN]), ("pooler_output", ["batch", HIDDEN])]
    g.save(path, ["input_ids", "attention_mask", "token_type_ids"], outputs)


def bert_judge(path, n_words):
    """BERT with a head that makes one number of a pair."""
    g = Graph(5)
    x = bert_tokens(g, n_words)
    pooled = g.Tanh(g.linear(g.Gather(x, np.array(0, dtype=np.int64), axis=1), HIDDEN, HIDDEN))
    g.Identity(g.linear(pooled, HIDDEN, 1), name="logits")
    g.save(path, ["input_ids", "attention_mask", "token_type_ids"], [("logits", ["batch", 1])])


def shared_words(path, n_special):
    """Counts the pairs of equal words, one in the question and one in the passage; unknown words are equal to none."""
    g = Graph(6)
    known = g.Cast(g.Greater("input_ids", np.array(n_special - 1, dtype=np.int64)), to=TensorProto.FLOAT)
    kind = g.Cast("token_type_ids", to=TensorProto.FLOAT)
    asked, said = g.Mul(known, g.Sub(np.float32(1), kind)), g.Mul(known, kind)
    equal = g.Equal(g.Unsqueeze("input_ids", i64(2)), g.Unsqueeze("input_ids", i64(1)))
    pairs = g.Mul(g.Mul(g.Cast(equal, to=TensorProto.FLOAT), g.Unsqueeze(asked, i64(2))), g.Unsqueeze(said, i64(1)))
    g.Unsqueeze(g.ReduceSum(pairs, i64(1, 2), keepdims=0), i64(1), name="logits")
    g.save(path, ["input_ids", "token_type_ids"], [("logits", ["batch", 1])])


def xlm_roberta(path, n_words):
    """XLM-RoBERTa: positions counted from the mask behind the padding's number; here the graph pools too."""
    g = Graph(2)
    mask = "attention_mask"
    places = g.Add(g.Mul(g.CumSum(mask, np.array(1, dtype=np.int64)), mask), np.array(1, dtype=np.int64))
    x = g.Gather(g.table(n_words, HIDDEN, scale=1.0), "input_ids", axis=0)
    x = g.Add(x, g.Gather(g.table(34, HIDDEN, scale=0.5), places, axis=0))
    x = post_norm_layers(g, g.norm(x), mask_bias(g, mask), 2)
    g.Identity(x, name="token_embeddings")
    wide = g.Unsqueeze(g.Cast(mask, to=TensorProto.FLOAT), i64(2))
    mean = g.Div(g.ReduceSum(g.Mul(x, wide), i64(1), keepdims=0), g.ReduceSum(wide, i64(1), keepdims=0))
    g.Div(mean, g.ReduceL2(mean, axes=[1], keepdims=1), name="sentence_embedding")
    outputs = [("token_embeddings", ["batch", "sequence", HIDDEN]), ("sentence_embedding", ["batch", HIDDEN])]
    g.save(path, ["input_ids", "attention_mask"], outputs)


def modernbert(path, n_words):
    """ModernBERT: rotated positions, every third layer over the whole text and the others over a window, gated inner
    layers, norms before the sums, no biases."""
    g = Graph(3)
    places = g.Range(np.int64(0), length_of(g, "input_ids"), np.int64(1))
    steps = g.Unsqueeze(g.Cast(places, to=TensorProto.FLOAT), i64(1))

    def turns(theta):
        frequencies = (theta ** (-np.arange(0, HEAD, 2) / HEAD)).astype(np.float32).reshape(1, -1)
        angles = g.MatMul(steps, frequencies)
        angles = g.Unsqueeze(g.Concat(angles, angles, axis=-1), i64(0, 1))
        return g.Cos(angles), g.Sin(angles)

    def turned(x, cosine, sine):
        left = g.Slice(x, i64(0), i64(HEAD // 2), i64(3))
        right = g.Slice(x, i64(HEAD // 2), np.array([np.iinfo(np.int64).max]), i64(3))
        return g.Add(g.Mul(x, cosine), g.Mul(g.Concat(g.Neg(right), left, axis=-1), sine))

    everywhere = mask_bias(g, "attention_mask")
    apart = g.Abs(g.Sub(g.Unsqueeze(places, i64(0)), g.Unsqueeze(places, i64(1))))
    near = g.Unsqueeze(g.LessOrEqual(apart, np.array(3, dtype=np.int64)), i64(0, 1))
    seen = g.Cast(g.Unsqueeze("attention_mask", i64(1, 2)), to=TensorProto.BOOL)
    window = g.Where(g.And(near, seen), np.float32(0), np.float32(-1e30))
    whole, local = turns(160000.0), turns(10000.0)

    x = g.norm(g.Gather(g.table(n_words, HIDDEN, scale=1.0), "input_ids", axis=0), bias=False)
    for layer in range(4):
        rotation, bias = (whole, everywhere) if layer % 3 == 0 else (local, window)
        inner = x if layer == 0 else g.norm(x, bias=False)
        thirds = g.Split(g.linear(inner, HIDDEN, 3 * HIDDEN, bias=False), i64(HIDDEN, HIDDEN, HIDDEN), outputs=3, axis=-1)
        query, key, value = (heads(g, third) for third in thirds)
        mixed = attend(g, turned(query, *rotation), turned(key, *rotation), value, bias)
        x = g.Add(x, g.linear(mixed, HIDDEN, HIDDEN, bias=False))
        halves = g.Split(g.linear(g.norm(x, bias=False), HIDDEN, 2 * INNER, bias=False), i64(INNER, INNER), outputs=2, axis=-1)
        x = g.Add(x, g.linear(g.Mul(g.gelu(halves[0]), halves[1]), INNER, HIDDEN, bias=False))
    g.Identity(g.norm(x, bias=False), name="last_hidden_state")
    g.save(path, ["input_ids", "attention_mask"], [("last_hidden_state", ["batch", "sequence", HIDDEN])])


def word_pieces():
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *("##" + letter for letter in LETTERS)]
    vocabulary += [word for word in WORDS if word not in vocabulary]
    vocabulary = {token: place for place, token in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    frame = [("[CLS]", 2), ("[SEP]", 3)]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=frame)
    tokenizer.enable_padding(length=128)  # as some exports have it; a reader must not believe it
    tokenizer.enable_truncation(8)
    return tokenizer, len(vocabulary)


def whole_words():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocabulary = {token: place for place, token in enumerate([*special, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = pair_frame()
    return tokenizer, len(special)


def pair_frame():
    pair = "[CLS] $A [SEP] $B:1 [SEP]:1"
    return processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair=pair, special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )


def unigrams():
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -3.0)]
    pieces += [(letter, -5.0) for letter in LETTERS] + [("▁" + word, -4.0) for word in WORDS]
    pieces += [("▁query:", -4.5), ("▁passage:", -4.5)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    frame = [("<s>", 0), ("</s>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=frame)
    return tokenizer, len(pieces)


def byte_pairs():
    vocabulary = {letter: place for place, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    merges = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("h", "o"), ("ho", "w")]
    for left, right in merges:
        vocabulary[left + right] = len(vocabulary)
    first, last = len(vocabulary), len(vocabulary) + 1
    vocabulary |= {"[CLS]": first, "[SEP]": last}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    frame = [("[CLS]", first), ("[SEP]", last)]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=frame)
    return tokenizer, len(vocabulary)


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def modules(folder, *names):
    base = "sentence_transformers.models."
    paths = ["" if name == "Transformer" else f"{place}_{name}" for place, name in enumerate(names)]
    entries = [{"idx": i, "name": str(i), "path": paths[i], "type": base + name} for i, name in enumerate(names)]
    write(folder / "modules.json", entries)


def pooled(mode, tokens):
    return {"mean": tokens.mean(axis=0), "cls": tokens[0]}[mode]


def vectors(folder, network, tokenizer, limit, output, prefixes, head):
    """What ONNX Runtime gives for every text, as a document and as a question, and numpy makes of it."""
    session = onnxruntime.InferenceSession(folder / network, providers=["CPUExecutionProvider"])
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    asked = {each.name for each in session.get_inputs()}
    for role, prefix in prefixes.items():
        for text in TEXTS:
            encoding = tokenizer.encode((prefix + text).strip())
            columns = {
                "input_ids": encoding.ids,
                "attention_mask": encoding.attention_mask,
                "token_type_ids": encoding.type_ids,
            }
            fed = {name: np.array([column], dtype=np.int64) for name, column in columns.items() if name in asked}
            vector = head(session.run([output], fed)[0][0])
            vector = vector / np.linalg.norm(vector)
            yield {"role": role, "text": text, "vector": [round(float(value), 6) for value in vector]}


def dense_shape():
    folder = HERE / "bert-dense"
    tokenizer, n_words = word_pieces()
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    bert(folder / "model.onnx", n_words)
    modules(folder, "Transformer", "Pooling", "Dense", "Dense", "Normalize")
    write(folder / "config.json", {"model_type": "bert", "max_position_embeddings": 64, "pad_token_id": 0})
    write(folder / "sentence_bert_config.json", {"max_seq_length": 24, "do_lower_case": False})
    write(folder / "tokenizer_config.json", {"model_max_length": 512})
    write(folder / "1_Pooling/config.json", {"word_embedding_dimension": HIDDEN, "pooling_mode_cls_token": False,
                                             "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False})
    prompts = {"query": "how: ", "document": "the "}
    write(folder / "config_sentence_transformers.json", {"prompts": prompts, "similarity_fn_name": "cosine"})
    random = np.random.default_rng(4)
    first, bias = random.standard_normal((40, HIDDEN)) * 0.4, random.standard_normal(40) * 0.1
    second = (random.standard_normal((24, 40)) * 0.4).astype(np.float16)
    first, bias = first.astype(np.float32), bias.astype(np.float32)
    for place, n_in, n_out, activation, tensors in [
        (2, HIDDEN, 40, "Tanh", {"linear.weight": first, "linear.bias": bias}),
        (3, 40, 24, "Identity", {"linear.weight": second}),
    ]:
        module = "activation.Tanh" if activation == "Tanh" else "linear.Identity"
        config = {"in_features": n_in, "out_features": n_out, "bias": len(tensors) == 2,
                  "activation_function": "torch.nn.modules." + module}
        write(folder / f"{place}_Dense/config.json", config)
        save_file(tensors, folder / f"{place}_Dense/model.safetensors")
    head = lambda tokens: second.astype(np.float32) @ np.tanh(first @ pooled("mean", tokens) + bias)
    return vectors(folder, "model.onnx", tokenizer, 24, "last_hidden_state", prompts, head)


def pooling_shape():
    folder = HERE / "e5-shape"
    tokenizer, n_words = unigrams()
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    xlm_roberta(folder / "onnx/model.onnx", n_words)
    modules(folder, "Transformer", "Pooling", "Normalize")
    write(folder / "config.json", {"model_type": "xlm-roberta", "max_position_embeddings": 34, "pad_token_id": 1})
    write(folder / "tokenizer_config.json", {"model_max_length": 512})
    write(folder / "1_Pooling/config.json", {"word_embedding_dimension": HIDDEN, "pooling_mode_mean_tokens": True})
    prefixes = {"query": "query: ", "document": "passage: "}
    return vectors(folder, "onnx/model.onnx", tokenizer, 32, "sentence_embedding", prefixes, lambda vector: vector)


def modern_shape():
    folder = HERE / "modernbert"
    tokenizer, n_words = byte_pairs()
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    modernbert(folder / "onnx/model.onnx", n_words)
    modules(folder, "Transformer", "Pooling")
    write(folder / "config.json", {"model_type": "modernbert", "max_position_embeddings": 96})
    write(folder / "tokenizer_config.json", {"model_max_length": 1000000000000000019884624838656})
    write(folder / "1_Pooling/config.json", {"embedding_dimension": HIDDEN, "pooling_mode": "cls"})
    prefixes = {"query": "", "document": ""}
    head = lambda tokens: pooled("cls", tokens)
    return vectors(folder, "onnx/model.onnx", tokenizer, 96, "last_hidden_state", prefixes, head)


def scores(folder, tokenizer, limit):
    """What ONNX Runtime gives for every pair, cut as sentence-transformers cuts it."""
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit, strategy="longest_first")
    asked = {each.name for each in session.get_inputs()}
    for question, passage in PAIRS:
        encoding = tokenizer.encode(question.strip(), passage.strip())
        columns = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        fed = {name: np.array([column], dtype=np.int64) for name, column in columns.items() if name in asked}
        score = session.run(["logits"], fed)[0][0][0]
        yield {"question": question, "passage": passage, "score": round(float(score), 6)}


def judging_shape():
    folder = HERE / "cross-encoder"
    tokenizer, n_words = word_pieces()
    tokenizer.post_processor = pair_frame()
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    bert_judge(folder / "model.onnx", n_words)
    write(folder / "config.json", {"architectures": ["BertForSequenceClassification"], "model_type": "bert",
                                   "id2label": {"0": "LABEL_0"}, "max_position_embeddings": 64, "pad_token_id": 0})
    write(folder / "tokenizer_config.json", {"model_max_length": 48})
    return scores(folder, tokenizer, 48)


def counting_shape():
    folder = HERE / "shared-words"
    tokenizer, n_special = whole_words()
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    shared_words(folder / "model.onnx", n_special)
    write(folder / "tokenizer_config.json", {"model_max_length": 512})
    return scores(folder, tokenizer, 512)


def main():
    shapes = {
        "bert-dense/vectors": dense_shape,
        "e5-shape/vectors": pooling_shape,
        "modernbert/vectors": modern_shape,
        "cross-encoder/scores": judging_shape,
        "shared-words/scores": counting_shape,
    }
    for name, build in shapes.items():
        lines = [json.dumps(each, ensure_ascii=False) for each in build()]
        (HERE / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
