"""The official conformance suite, scenario by scenario.

Against a server without the suite's fixtures: `conformance.json`, given as EXPECTED, names the scenarios a plain search
server passes, and those in which only checks that need the fixtures may fail. Against one that has them: with `every`, all
scenarios of a revision are run and nothing may fail. Extensions (tasks, skills) are no part of a revision.

Usage: conformance.py NODE SUITE URL REVISION EXPECTED|every
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

# The only outcomes that count as failure; INFO, SKIPPED and WARNING do not.
FAILED = "FAILURE"


def run(node, suite, url, revision, scenario):
    """Every check of a scenario with its outcome."""
    with tempfile.TemporaryDirectory() as out:
        command = [node, suite, "server", "--url", url, "--scenario", scenario, "--spec-version", revision, "-o", out]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
        files = list(pathlib.Path(out).rglob("checks.json"))
        if not files:
            sys.exit(f"{scenario}: no checks were made\n{ran.stdout}{ran.stderr}")
        return [check for file in files for check in json.loads(file.read_text())]


def every(node, suite, revision):
    """The scenarios of a revision, as the suite lists them."""
    listed = subprocess.run([node, suite, "list", "--server"], capture_output=True, text=True, check=True).stdout
    scenarios = re.findall(r"- (\S+) \[(.*)\]", listed)
    return [scenario for scenario, revisions in scenarios if revision in revisions.split(",")]


def main(node, suite, url, revision, expected):
    if expected == "every":
        allowed = {scenario: [] for scenario in every(node, suite, revision)}
        assert len(allowed) > 30, allowed
    else:
        wanted = json.loads(pathlib.Path(expected).read_text())[revision]
        allowed = {scenario: [] for scenario in wanted["pass"]} | wanted["except"]
    wrong = []
    for scenario, excused in allowed.items():
        checks = run(node, suite, url, revision, scenario)
        failed = {check["id"] for check in checks if check["status"] == FAILED}
        wrong += [f"{scenario}: {check} failed" for check in sorted(failed - set(excused))]
        wrong += [f"{scenario}: {check} passes now, take it off the list" for check in sorted(set(excused) - failed)]
        print(f"{revision} {scenario}: {len(checks)} checks, {len(failed)} failed, {len(excused)} of them need fixtures")
    if wrong:
        sys.exit("\n".join(wrong))


main(*sys.argv[1:6])
