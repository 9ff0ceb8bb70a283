#!/usr/bin/env python3
"""How soon a saved note is found while questions are answered, and what that costs the questions: `ibid serve` on the
shortest notes of a folder, asked over /mcp by one client, first while nothing changes, then while notes are saved.

Usage: fresh.py [--notes N] [--seconds S] [--every S] IBID FOLDER

Notes are copied first; nothing is written into FOLDER. Needs Python 3.11 and nothing else.
"""

import argparse
import http.client
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

# How long a note may take to be found before the run is given up.
PATIENCE = 60


class Client:
    """Asks over one connection, as clients of MCP do."""

    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=PATIENCE)

    def ask(self, words, mode):
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": {"name": "search_notes", "arguments": {"query": words, "mode": mode}}}
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        self.connection.request("POST", "/mcp", json.dumps(body), headers)
        answer = json.loads(self.connection.getresponse().read())
        return answer["result"]["structuredContent"]["results"]


def shortest(folder, count):
    files = []
    for root, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".md"):
                path = os.path.join(root, name)
                files.append((os.path.getsize(path), path))
    return [path for size, path in sorted(files) if size > 200][:count]


def words_of(paths):
    """Questions: a few words that stand together in a note."""
    chosen, questions = random.Random(1), []
    for path in chosen.sample(paths, min(500, len(paths))):
        with open(path, encoding="utf-8", errors="replace") as opened:
            words = re.findall(r"[A-Za-z]{4,}", opened.read())
        at = chosen.randrange(max(1, len(words) - 4))
        questions.append(" ".join(words[at:at + 4]) or "notes")
    return questions


def times(address, questions, stop):
    client, taken, at = Client(address), [], 0
    while not stop.is_set():
        began = time.perf_counter()
        client.ask(questions[at % len(questions)], "hybrid")
        taken.append((time.perf_counter() - began) * 1e3)
        at += 1
    return taken


def asked_for(seconds, address, questions, meanwhile=None):
    """Times of questions, in milliseconds, asked one after the other while something else goes on."""
    stop, taken = threading.Event(), []
    asking = threading.Thread(target=lambda: taken.extend(times(address, questions, stop)))
    asking.start()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        meanwhile() if meanwhile else time.sleep(0.1)
    stop.set()
    asking.join()
    return taken


def saver(address, notes, found, every):
    """Saves a note that says a thing of its own, and waits until it is found by its words and by its meaning."""
    client, count = Client(address), 0

    def save():
        nonlocal count
        count += 1
        word = f"quokka{count}x{random.Random(count).randrange(10**9)}"
        with open(os.path.join(notes, f"saved {count}.md"), "w", encoding="utf-8") as opened:
            opened.write(f"# Note {count}\n\nThe {word} sleeps under the {count}th eucalyptus.\n")
        began = time.monotonic()
        for mode in ["lexical", "semantic"]:
            wanted = f"saved {count}.md"
            while True:
                hits = client.ask(f"{word} sleeps under the {count}th eucalyptus", mode)
                if any(hit["path"] == wanted for hit in hits):
                    found[mode].append(time.monotonic() - began)
                    break
                if time.monotonic() - began > PATIENCE:
                    raise SystemExit(f"note {count} was not found by {mode}")
                time.sleep(0.01)
        time.sleep(max(0, every - (time.monotonic() - began)))

    return save


def quantiles(taken):
    taken = sorted(taken)
    return f"p50 {statistics.median(taken):6.1f}  p99 {taken[int(len(taken) * .99)]:6.1f} ms  of {len(taken)} questions"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--notes", type=int, default=10_000)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--every", type=float, default=2)
    arguments.add_argument("ibid")
    arguments.add_argument("folder")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        notes, data = os.path.join(scratch, "notes"), os.path.join(scratch, "data")
        os.mkdir(notes)
        for at, path in enumerate(shortest(given.folder, given.notes)):
            shutil.copyfile(path, os.path.join(notes, f"{at}.md"))
        copied = [os.path.join(notes, name) for name in sorted(os.listdir(notes))]
        environment = {**os.environ, "IBID_DATA_DIR": data, "IBID_CONFIG": os.path.join(scratch, "none")}
        report = json.loads(subprocess.run([given.ibid, "index", "--json", "--quiet", "--name", "n", notes],
                                           env=environment, capture_output=True, text=True, check=True).stdout)
        print(f"{report['documents']} notes, {report['chunks']} chunks")
        serving = subprocess.Popen([given.ibid, "serve", "--listen", "127.0.0.1:0"], env=environment,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            line = next(line for line in serving.stdout if "http://" in line)
            address = re.search(r"http://([0-9.:]+)", line)[1]
            questions, found = words_of(copied), {"lexical": [], "semantic": []}
            asked_for(5, address, questions)
            save = saver(address, notes, found, given.every)
            # In turn, so that whatever else the machine does falls on both.
            quiet, busy = [], []
            for _ in range(3):
                quiet += asked_for(given.seconds / 3, address, questions)
                busy += asked_for(given.seconds / 3, address, questions, save)
        finally:
            serving.terminate()
            serving.wait()
    print(f"quiet   {quantiles(quiet)}\nsaving  {quantiles(busy)}")
    for mode, name in [("lexical", "words"), ("semantic", "meaning")]:
        taken = sorted(found[mode])
        print(f"found by {name:8} median {statistics.median(taken):.2f} s, longest {taken[-1]:.2f} s, of {len(taken)} saves")


if __name__ == "__main__":
    main()
