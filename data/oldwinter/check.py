#!/usr/bin/env python3
"""Whether the questions beside this file and their judgements hold in a copy of the vault: every span is the bytes that
its quote says, once in its note; the judgements name the same notes; and a question marked "apart" shares no rare word
with what answers it. It measures no search.

Usage: check.py VAULT

VAULT is the folder of oldwinter-knowledge-garden. Prints the counts; each error is a line of its own, and any gives exit
code 1. Needs Python 3.9 and nothing else.
"""

import collections
import json
import pathlib
import re
import sys

# A word is rare that fewer than this share of the notes hold. A word is a run of Latin letters and digits, or two Chinese
# characters that stand next to each other. A pair of function words stands in more notes than that by itself.
RARE = 0.01
# The most bytes of an answer: one sentence, row or item.
LONGEST = 400

HERE = pathlib.Path(__file__).parent


def words(text):
    """The words of a text, each once."""
    found = set(re.findall(r"[a-z0-9]+", text.lower()))
    for run in re.findall(r"[\u3400-\u9fff]+", text):
        found.update(run[at : at + 2] for at in range(len(run) - 1))
    return found


class Vault:
    """The vault's Markdown notes: bytes by path, and how many notes hold each word."""

    def __init__(self, folder):
        files = sorted(folder.rglob("*.md"))
        self.notes = {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}
        self.holders = collections.Counter()
        for path, raw in self.notes.items():
            self.holders.update(words(f"{raw.decode('utf-8', 'replace')} {title(path)}"))

    def rare(self, found):
        return sorted(word for word in found if self.holders[word] < RARE * len(self.notes))


def title(path):
    return pathlib.PurePosixPath(path).stem


def span_errors(vault, span):
    """What is wrong with a span."""
    raw, quote = vault.notes.get(span["path"]), span["quote"].encode()
    if raw is None:
        return [f"no note {span['path']}"]
    errors = []
    if raw[span["start"] : span["end"]] != quote:
        errors.append(f"bytes {span['start']}-{span['end']} of {span['path']} are other words")
    if raw.count(quote) != 1:
        errors.append(f"{span['path']} holds the quote {raw.count(quote)} times")
    if b"\r" in raw or raw.startswith(b"\xef\xbb\xbf"):
        errors.append(f"{span['path']} is indexed as other bytes: it has a byte order mark or CR")
    if not 0 < len(quote) <= LONGEST:
        errors.append(f"a quote of {len(quote)} bytes in {span['path']}")
    return errors


def question_errors(vault, question, grades):
    """What is wrong with a question; `grades` are its judgements by path."""
    answers, related = question["answers"], question.get("related", [])
    errors = [error for span in answers + related for error in span_errors(vault, span)]
    best = {span["path"]: 1 for span in related} | {span["path"]: 2 for span in answers}
    if best != grades:
        errors.append(f"judged {grades}, but the spans say {best}")
    asked = words(question["question"])
    if question.get("words") == "apart":
        for span in answers:
            shared = vault.rare(asked & words(f"{span['quote']} {title(span['path'])}"))
            if shared:
                errors.append(f"apart, but shares {shared} with {span['path']}")
    elif question.get("words") == "shared":
        if not vault.rare({word for span in answers for word in asked & words(vault.notes[span["path"]].decode())}):
            errors.append("shared, but no rare word is in its notes")
    elif answers:
        errors.append("neither apart nor shared")
    return errors


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    vault = Vault(pathlib.Path(sys.argv[1]))
    grades = collections.defaultdict(dict)
    for line in (HERE / "judgements.tsv").read_text("utf-8").splitlines()[1:]:
        question, path, grade = line.split("\t")
        grades[question][path] = int(grade)
    questions = [json.loads(line) for line in (HERE / "questions.jsonl").read_text("utf-8").splitlines()]
    errors = [f"{question}: judged, but not asked" for question in grades.keys() - {q["id"] for q in questions}]
    if len({q["id"] for q in questions}) < len(questions):
        errors.append("two questions have one id")
    for question in questions:
        found = question_errors(vault, question, grades.get(question["id"], {}))
        errors += [f"{question['id']}: {error}" for error in found]
    answered = [question for question in questions if question["answers"]]
    print(f"{len(vault.notes)} notes, {len(questions)} questions, {len(answered)} answered")
    print(f"of those {sum(q['lang'] == 'zh' for q in answered)} in Chinese,", end=" ")
    print(f"{sum(q['words'] == 'apart' for q in answered)} apart from their answers;", end=" ")
    print(f"{sum(len(q['answers']) for q in answered)} answering spans,", end=" ")
    print(f"{sum(map(len, grades.values()))} judgements of {len({p for g in grades.values() for p in g})} notes")
    print("\n".join(sorted(errors)) or "every span and judgement holds")
    sys.exit(bool(errors))


if __name__ == "__main__":
    main()
