#!/usr/bin/env python3
"""Makes the extract of SciFact beside this script out of the whole set.

    python3 build.py SCIFACT_FOLDER [OUT_FOLDER]

SCIFACT_FOLDER holds BEIR's SciFact as it is distributed: corpus.jsonl, queries.jsonl and the
judgements of its train split, as qrels.train.tsv or qrels/train.tsv. Writes corpus.jsonl,
queries.jsonl and qrels.tsv into OUT_FOLDER (this folder, where none is named) and compares them
with the SHA256SUMS beside this script. Needs Python 3.9 or newer and nothing else.

The test split is not opened. Nothing is left to chance, to floating point or to the order of a
dictionary: whatever is drawn is drawn by the hash of its id, and weights are whole numbers.
"""

import hashlib
import json
import pathlib
import re
import sys

# Changing it draws other questions and other random documents.
SEED = "ibid scifact 1"

QUESTIONS = 60
# Documents in all: the judged ones, then those that look right, then any.
DOCUMENTS = 240
RANDOM_DOCUMENTS = 30

HERE = pathlib.Path(__file__).resolve().parent
CHECKSUMS = HERE / "SHA256SUMS"


def read_objects(path):
    """The JSON objects of a file, one a line."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def read_judgements(folder):
    """The relevant documents of each question of the train split, with their grades."""
    files = [folder / "qrels.train.tsv", folder / "qrels" / "train.tsv"]
    path = next((file for file in files if file.is_file()), None)
    if path is None:
        sys.exit(f"there is neither {files[0]} nor {files[1]}")
    judged = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        question, document, grade = line.split("\t")
        if int(grade) > 0:
            judged.setdefault(question, {})[document] = int(grade)
    return judged


def drawn(ids):
    """The ids in an order that only the seed and they themselves decide."""
    return sorted(ids, key=lambda id: hashlib.sha256(f"{SEED} {id}".encode()).digest())


def words(text):
    return set(re.findall(r"[a-z0-9]+", text.lower()))


def by_overlap(question, words_of, weights):
    """Documents by the weight of the words they share with the question, the greatest first."""
    asked = words(question)

    def weight(id):
        return sum(weights[word] for word in asked & words_of[id])

    # Of two that share as much the one with fewer words is the nearer.
    return sorted(words_of, key=lambda id: (-weight(id), len(words_of[id]), int(id)))


def weights_of(words_of):
    """For each word how often the number of documents can be halved until as few are left as hold it."""
    holding = {}
    for held in words_of.values():
        for word in held:
            holding[word] = holding.get(word, 0) + 1
    return {word: (len(words_of) // count).bit_length() for word, count in holding.items()}


def choose_documents(questions, judged, corpus):
    """The ids of the documents of the extract."""
    words_of = {id: words(f"{one['title']} {one['text']}") for id, one in corpus.items()}
    weights = weights_of(words_of)
    chosen = {document for id in questions for document in judged[id]}
    # Each question in turn adds the document most like it that is not there yet.
    lists = [iter(by_overlap(text, words_of, weights)) for text in questions.values()]
    turn = 0
    while len(chosen) < DOCUMENTS - RANDOM_DOCUMENTS:
        chosen.add(next(id for id in lists[turn % len(lists)] if id not in chosen))
        turn += 1
    rest = drawn(id for id in corpus if id not in chosen)
    return chosen.union(rest[:RANDOM_DOCUMENTS])


def write(path, lines):
    path.write_bytes("".join(line + "\n" for line in lines).encode())


def line_of(one):
    return json.dumps(one, ensure_ascii=False)


def differing(folder):
    """The files that differ from the checksums."""
    expected = (line.split() for line in CHECKSUMS.read_text().splitlines())
    return [name for checksum, name in expected if sha256(folder / name) != checksum]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    source = pathlib.Path(sys.argv[1])
    out = pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else HERE
    corpus = {one["_id"]: one for one in read_objects(source / "corpus.jsonl")}
    texts = {one["_id"]: one["text"] for one in read_objects(source / "queries.jsonl")}
    judged = read_judgements(source)
    ids = sorted(drawn(judged)[:QUESTIONS], key=int)
    questions = {id: texts[id] for id in ids}
    documents = sorted(choose_documents(questions, judged, corpus), key=int)

    out.mkdir(parents=True, exist_ok=True)
    kept = ({key: corpus[id][key] for key in ("_id", "title", "text")} for id in documents)
    write(out / "corpus.jsonl", map(line_of, kept))
    write(out / "queries.jsonl", (line_of({"_id": id, "text": text}) for id, text in questions.items()))
    rows = (f"{id}\t{document}\t{judged[id][document]}" for id in ids for document in sorted(judged[id], key=int))
    write(out / "qrels.tsv", ["query\tdocument\tgrade", *rows])

    print(f"{len(questions)} questions, {len(documents)} documents")
    if differ := differing(out):
        sys.exit(f"not as in {CHECKSUMS.name}: {', '.join(differ)}")


if __name__ == "__main__":
    main()
