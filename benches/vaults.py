#!/usr/bin/env python3
"""What ibid reads of real vaults, against a plain search of the same files that shares no line with it; whether their
links lead somewhere; and whether every citation leads back to its bytes.

Usage: vaults.py [--show N] IBID STRUCTURE FOLDER...

IBID is the binary, STRUCTURE the example of that name of crates/indexer. --show prints N places of each difference that
has no cause here. Vaults are named by their folder's last part. Needs Python 3.11 and nothing else.
"""

import argparse
import bisect
import collections
import json
import os
import re
import subprocess
import tempfile
import unicodedata
import urllib.parse

# How many words are asked for, the most hits of each, how many quotes are fetched and compared byte by byte, and how many
# ids one call of `ibid verify` is given: it compares the hash of every citation with the file.
QUESTIONS, LIMIT, QUOTES, BATCH = 250, 100, 400, 200


class Text:
    """A file's characters, with bytes and lines to tell places by."""

    def __init__(self, raw):
        self.raw, self.text = raw, raw.decode("utf-8")
        self.bytes_at = None
        if not self.text.isascii():
            self.bytes_at, at = [], 0
            for character in self.text:
                self.bytes_at.append(at)
                at += len(character.encode("utf-8"))
            self.bytes_at.append(at)
        self.lines = [0] + [m.end() for m in re.finditer(r"\r\n?|\n", self.text)]
        self.causes = list(causes(self.text))

    def character(self, byte):
        return byte if self.bytes_at is None else bisect.bisect_left(self.bytes_at, byte)

    def line(self, character):
        return bisect.bisect_right(self.lines, character) - 1

    def line_text(self, number):
        ends = self.lines[number + 1:number + 2] or [len(self.text)]
        return self.text[self.lines[number]:ends[0]].rstrip("\r\n")

    def front_words(self):
        front = next((self.text[:end] for _, end, name in self.causes if name == "front matter"), "")
        return {word.strip("/").lower() for word in re.findall(r"[^\s,\[\]\"'#]+", front)}

    def cause(self, character):
        """Why a mark here is none: what stands around it. What begins with the mark is the mark itself."""
        return next((name for start, end, name in self.causes if start < character < end), None)


FENCE = re.compile(r"[\s>]*(?:(?:[-*+]|\d+[.)])\s+)*(`{3,}|~{3,})([^\r\n]*)")


def causes(text):
    """Places where marks are not marks, and why: the outer ones first."""
    front = re.match(r"\ufeff?---[ \t]*\r?\n(?s:.*?)^(?:---|\.\.\.)[ \t]*$", text, re.M)
    start = front.end() if front else 0
    if front:
        yield 0, front.end(), "front matter"
    opened, at = None, start
    for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", text[start:]):
        fence = FENCE.match(line)
        if opened is None and fence and not (fence[1][0] == "`" and "`" in fence[2]):
            opened = (at, fence[1])
        elif opened and fence and fence[1].startswith(opened[1]) and not fence[2].strip():
            yield opened[0], at + len(line), "code"
            opened = None
        at += len(line)
    if opened:
        yield opened[0], len(text), "code"
    for pattern, name in [
        (r"(?<!`)(`+)(?!`)(?:(?!\n\s*\n)(?s:.))*?(?<!`)\1(?!`)", "inline code"),
        (r"<!--(?s:.*?)-->", "HTML"),
        (r"%%(?s:.*?)%%", "comment"),
        (r"\$\$(?s:.*?)\$\$|(?<![\\$])\$[^$\s][^$\n]*\$", "math"),
        (r"</?[a-zA-Z][^<>]*>", "HTML"),
        (r"^<[a-zA-Z/][^\n]*(?:\n(?!\s*\n)[^\n]*)*", "HTML"),
        (r"(?:^[ \t]*\n)(?:(?: {4,}|\t)[^\n]*\n?|[ \t]*\n)+", "indented"),
        (r"!?\[\[[^\[\]\n]+\]\]", "wikilink"),
        (r"\[[^\[\]\n]*\]\([^()\n]*\)", "Markdown link"),
        (r"https?://\S+", "address"),
        (r"\\.", "escape"),
    ]:
        for found in re.finditer(pattern, text[start:], re.M):
            yield start + found.start(), start + found.end(), name


def folded(name):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).lower())


class Files:
    """The files of a folder by a walk of our own, and which of them a link means."""

    def __init__(self, root):
        self.paths = []
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            self.paths += [os.path.relpath(os.path.join(folder, n), root) for n in names if n[0] != "."]
        self.by_name = collections.defaultdict(list)
        for path in self.paths:
            self.by_name[folded(os.path.basename(path))].append(folded(path))

    def find(self, source, target):
        """The exact path from the root, or from the note's folder; else the shortest path that ends so."""
        target = folded(target.strip()).strip("/")
        if not target:
            return folded(source)
        folder = os.path.dirname(folded(source))
        for wanted in [target, target + ".md"]:
            named = self.by_name.get(os.path.basename(wanted), [])
            for whole in [os.path.normpath(wanted), os.path.normpath(os.path.join(folder, wanted))]:
                if whole in named:
                    return whole
            bare = re.sub(r"^(\.\.?/)+", "", wanted)
            ends = [path for path in named if ("/" + path).endswith("/" + bare)]
            if ends:
                return min(ends, key=lambda path: (len(path), path))
        return None


def plain(text):
    """Marks by regular expression, each as (character, line, name)."""
    found = {}

    def places(name, pattern, key=lambda m: None, at=lambda m: m.start(), keep=lambda m: True):
        found[name] = [(at(m), key(m)) for m in re.finditer(pattern, text, re.M) if keep(m)]

    places("wikilinks", r"(?<!!)\[\[(?!\|)[^\[\]\n]+\]\](?!\()")
    places("embeds", r"!\[\[[^\[\]\n]+\]\]")
    places("links to notes", r"(?<!!)\[(?:[^\[\]\n]|\[[^\]\n]*\])*\]\((?![a-zA-Z][\w+.-]+:)<?[^()\s]+[^()\n]*\)")
    places("block references", r"!?\[\[[^\[\]\n|]*#\^[^\[\]\n]+\]\]")
    places("tags", r"(?<!\S)#([\w/-]*[^\W\d][\w/-]*)", lambda m: m[1].strip("/").lower())
    places("block ids", r"(?:^|\s)\^([a-zA-Z0-9-]+)[ \t]*$", lambda m: m[1], lambda m: m.start(1))
    places("callouts", r"^[ \t]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?>[ \t>]*\[!([^\]\n]+)\]", at=lambda m: m.start(1))
    places("tasks", r"^[ \t>]*(?:[-*+]|\d+[.)])[ \t]+\[[^\n]\](?=\s|$)", at=lambda m: m.end() - 1)
    places("footnotes", r"^\[\^[^\]\s]+\]:")
    places("footnote references", r"\[\^[^\]\s]+\](?!:)")
    places("comments", r"%%(?s:.*?)%%")
    places("HTML comments", r"<!--(?s:.*?)-->")
    places("tables", r"^[^\n]*\|[^\n]*\n[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)+$")
    places("code blocks", r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)*(```+[^`\n]*|~~~+[^\n]*)$")
    found["code blocks"] = [(s, None) for s, _, name in causes(text) if name == "code"]
    places("headings", r"^ {0,3}#{1,6}(?=[ \t]|$)")
    front = re.match(r"\ufeff?---[ \t]*\r?\n((?s:.*?))^(?:---|\.\.\.)[ \t]*$", text, re.M)
    keys = re.finditer(r"^[\"']?([^\s#\-\"'{\[][^:\n\"']*?)[\"']?[ \t]*:(?=\s|$)", front[1] if front else "", re.M)
    found["properties"] = [(front.start(1) + m.start(), m[1].strip()) for m in keys]
    return found


# Of these only the line is compared: where on it a block begins is nobody's business.
BY_LINE = {"callouts", "tasks", "tables", "code blocks", "headings", "footnotes"}
# Of these the file and the name, for ibid keeps each once.
BY_NAME = {"tags", "block ids", "properties"}
# Of these whether the place lies in one that ibid read.
WITHIN = {"comments", "HTML comments"}


def read(file, text):
    """The same marks as ibid read them."""
    at = text.character
    links = [(at(link["place"][0]), link) for link in file["links"]]
    wiki = [(place, link) for place, link in links if link["wiki"]]
    marked = lambda places, mark: [(at(p), None) for p in places if text.text.startswith(mark, at(p))]
    comments = [start for start, _ in file["comments"]]
    return {
        "wikilinks": [(place, None) for place, link in wiki if not link["embed"]],
        "embeds": [(place, None) for place, link in wiki if link["embed"]],
        "block references": [(place, None) for place, link in wiki if (link["anchor"] or "").startswith("^")],
        "links to notes": [
            (place, None) for place, link in links if not (link["wiki"] or link["embed"] or link["address"])
        ],
        "tags": [(0, tag.lower()) for tag in file["tags"]],
        "block ids": [(at(start), name) for name, start in file["block_ids"]],
        "callouts": [(at(start), None) for start, _ in file["callouts"]],
        "tasks": [(at(start), None) for start, _ in file["tasks"]],
        "footnotes": marked(file["definitions"], "[^"),
        "footnote references": marked(file["asides"], "[^"),
        "comments": marked(comments, "%%"),
        "HTML comments": marked(comments, "<!--"),
        "tables": [(at(start), None) for start in file["tables"]],
        "code blocks": [(first_words(text.text, at(start)), None) for start in file["code"]],
        "headings": [(at(start), None) for start in file["headings"]],
        "properties": [(0, name) for name in file["properties"]],
    }


def first_words(text, place):
    """The start of the first line from here on that holds something: a file's first block begins at its first byte."""
    blank = re.compile(r"(?:[ \t]*(?:\r\n?|\n))*").match(text, place)
    return blank.end()


def why(name, text, place, key, only_ibid):
    """Why one of the two has a mark and the other has not; `None` where no cause is known here."""
    line = text.line_text(text.line(place))
    if only_ibid:
        shown = text.text[place:place + 400]
        if name == "links to notes":
            return "reference, or brackets in it" if shown.startswith("[") else None
        if name == "headings":
            return None if line.lstrip().startswith("#") else "underlined"
        if name == "code blocks":
            return None if FENCE.match(line) else "indented"
        if name == "tags":
            return "of the front matter" if key in text.front_words() else None
        if name == "properties":
            return "inline" if re.search(re.escape(key) + r"[*_~]*::", text.text) else None
        if name == "block ids":
            return "no space before" if re.search(r"[^\x00-\x7f]\^" + key + r"[ \t]*$", text.text, re.M) else None
        return text.cause(place)
    if name == "footnote references":
        defined = re.search(r"^[ \t>]*" + re.escape(re.match(r"\[\^[^\]]*\]", text.text[place:])[0]) + ":", text.text, re.M)
        return text.cause(place) or (None if defined else "no definition")
    if name == "comments" and re.match(r"---\n(?s:.*?)excalidraw-plugin:", text.text):
        return "in a drawing"
    if name == "tags" and re.match(r"\[[^\]]+\]: ", line):
        return "definition of a link"
    return text.cause(place)


def keys_of(name, text, found):
    if name in BY_NAME:
        return {key: (place, key) for place, key in reversed(found)}
    if name in BY_LINE:
        return {text.line(place): (place, key) for place, key in reversed(found)}
    return {place: (place, key) for place, key in found}


def compare(root, files, show):
    """A row for each kind of mark: both counts, and what each has alone by its cause."""
    rows = collections.defaultdict(lambda: [0, 0, collections.Counter()])
    for file in files:
        if not file["path"].endswith(".md") or file["decoded_from"]:
            continue
        with open(os.path.join(root, file["path"]), "rb") as opened:
            text = Text(opened.read())
        by_grep, by_ibid = plain(text.text), read(file, text)
        for name, found in by_grep.items():
            if name in WITHIN:
                # Comments that touch are one to ibid.
                spans = [(text.character(start), text.character(end)) for start, end in file["comments"]]
                within = [(place, key) for place, key in found if any(a <= place < b for a, b in spans)]
                by_ibid[name] = within + [one for one in by_ibid[name] if one[0] not in dict(within)]
            theirs, ours = keys_of(name, text, found), keys_of(name, text, by_ibid[name])
            row = rows[name]
            row[0] += len(theirs)
            row[1] += len(ours)
            for alone, only_ibid, sign in [(theirs.keys() - ours, False, "-"), (ours.keys() - theirs.keys(), True, "+")]:
                for at in alone:
                    place, key = (ours if only_ibid else theirs)[at]
                    cause = why(name, text, place, key, only_ibid)
                    row[2][sign + (cause or "?")] += 1
                    if cause is None and row[2][sign + "?"] <= show:
                        line = text.line(place)
                        print(f"  {sign} {name} {file['path']}:{line + 1} {key or ''} {text.line_text(line)[:160]!r}")
    return rows


def links(root, files):
    """How many links ibid led to a file; of the rest, how many lead to one by the plain rule; where both differ."""
    walked = Files(root)
    count = collections.Counter()
    missed = []
    listed = {folded(file["path"]) for file in files}
    for file in files:
        for link in file["links"]:
            if link["address"] or not file["path"].endswith(".md"):
                continue
            kind = "wikilinks" if link["wiki"] else "Markdown links"
            found = walked.find(file["path"], link["target"])
            count[kind] += 1
            if link["to"] is not None:
                count[kind, "resolved"] += 1
                if found is None:
                    count[kind, "by alias"] += 1
                elif folded(link["to"]) != found:
                    count[kind, "elsewhere"] += 1
                    missed.append((kind, "elsewhere", file["path"], link["target"], link["to"], found))
            elif found is not None:
                count[kind, "exists" if found in listed else "exists, of a kind that is not read"] += 1
                missed.append((kind, "unresolved", file["path"], link["target"], None, found))
            if link["to"] is not None and link["anchor"]:
                part = "block" if link["anchor"].startswith("^") else "heading"
                count[part] += 1
                count[part, "found"] += bool(link["part"])
                if not link["part"]:
                    missed.append((part, "no such part", file["path"], link["target"] + "#" + link["anchor"], link["to"], None))
    return count, missed


def citations(ibid, root, files, show):
    """Searches for words of all frequencies and compares every citation with its file's bytes."""
    words = collections.Counter()
    for file in files:
        if not file["decoded_from"] and file["path"].endswith(".md"):
            with open(os.path.join(root, file["path"]), "rb") as opened:
                words.update(set(re.findall(r"\w{2,}", opened.read().decode("utf-8"))))
    ranked = [word for word, _ in sorted(words.items(), key=lambda item: (-item[1], item[0]))]
    step = max(1, len(ranked) // QUESTIONS)
    questions = ranked[:QUESTIONS // 4] + ranked[QUESTIONS // 4::step][:QUESTIONS]
    tally = collections.Counter()
    with tempfile.TemporaryDirectory() as data:
        def run(*arguments):
            return subprocess.run([ibid, "--data-dir", data, "-q", *arguments], capture_output=True, text=True)

        report = json.loads(run("index", root, "--name", "v", "--model", "none", "--json").stdout)
        tally["documents"], tally["chunks"] = report["documents"], report["chunks"]
        tally["skipped"] = len(report["skipped"])
        hits = {}
        for question in questions:
            answer = run("search", "--json", "--limit", str(LIMIT), "--per-document", str(LIMIT), "--", question)
            found = json.loads(answer.stdout)["hits"]
            tally["questions"] += 1
            tally["questions without a hit"] += not found
            if not found and show:
                print(f"  no hit: {question} {json.loads(answer.stdout)['notes']}")
            hits.update({hit["id"]: hit for hit in found})
        decoded = {file["path"] for file in files if file["decoded_from"]}
        ids = sorted(hits)
        for at, id in enumerate(ids):
            hit = hits[id]
            tally["citations"] += 1
            if hit["path"] in decoded:
                tally["of texts that were decoded"] += 1
                continue
            if at % max(1, len(ids) // QUOTES) == 0:
                quote = quote_of(json.loads(run("fetch", "--json", id).stdout))
                with open(os.path.join(root, hit["path"]), "rb") as opened:
                    stands = opened.read()[hit["start"]:hit["end"]]
                tally["quotes compared"] += 1
                tally["quotes equal to the file's bytes"] += quote == stands
        for start in range(0, len(ids), BATCH):
            lines = run("verify", *ids[start:start + BATCH]).stdout.splitlines()
            tally["verified unchanged"] += sum(line.startswith("unchanged ") for line in lines)
    return tally


def quote_of(fetched):
    about = fetched["metadata"]
    first = int(about["text_start"])
    return fetched["text"].encode("utf-8")[int(about["byte_start"]) - first:int(about["byte_end"]) - first]


def share(part, whole):
    return f"{part:6} of {whole:6}  {part / whole:7.2%}" if whole else "     none"


def report(ibid, structure, root, show):
    name = os.path.basename(os.path.normpath(root))
    output = subprocess.run([structure, root], capture_output=True, text=True, check=True).stdout
    files = [json.loads(line) for line in output.splitlines()]
    print(f"\n{name}: {len(files)} files read\n")
    rows = compare(root, files, show)
    print(f"{'':22}{'plain':>7}{'ibid':>7}   plain alone (-) and ibid alone (+), by cause; ? has none known here")
    for mark, (plainly, ours, alone) in rows.items():
        causes = ", ".join(f"{cause} {count}" for cause, count in sorted(alone.items()))
        print(f"{mark:22}{plainly:7}{ours:7}   {causes}".rstrip())
    count, missed = links(root, files)
    print()
    for kind in ["wikilinks", "Markdown links"]:
        print(f"{kind + ' resolved':32}{share(count[kind, 'resolved'], count[kind])}")
        for case in ["by alias", "elsewhere", "exists", "exists, of a kind that is not read"]:
            print(f"  {case:30}{count[kind, case]:6}")
    for part in ["heading", "block"]:
        print(f"{part + 's of links found':32}{share(count[part, 'found'], count[part])}")
    for one in missed[:show]:
        print(f"  {one}")
    print()
    for what, number in citations(ibid, root, files, show).items():
        print(f"{what:36}{number:8}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--show", type=int, default=0)
    arguments.add_argument("ibid")
    arguments.add_argument("structure")
    arguments.add_argument("folder", nargs="+")
    given = arguments.parse_args()
    for root in given.folder:
        report(given.ibid, given.structure, root, given.show)


if __name__ == "__main__":
    main()
