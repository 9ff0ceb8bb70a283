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


def run(node, suite, url, *which):
    """Every check of the scenarios that were asked for, by scenario."""
    with tempfile.TemporaryDirectory() as out:
        command = [node, suite, "server", "--url", url, *which, "-o", out]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=600)
        made = {}
        for file in sorted(pathlib.Path(out).rglob("checks.json")):
            scenario = re.fullmatch(r"server-(.+)-\d{4}-\d\d-\d\dT.*", file.parent.name)[1]
            made[scenario] = json.loads(file.read_text())
        if not made:
            sys.exit(f"{which}: no checks were made\n{ran.stdout}{ran.stderr}")
        return made


def every(node, suite, url, revision):
    """The checks of every scenario of a revision, as the suite lists them."""
    listed = subprocess.run([node, suite, "list", "--server"], capture_output=True, text=True, check=True).stdout
    scenarios = re.findall(r"- (\S+) \[(.*)\]", listed)
    wanted = [scenario for scenario, revisions in scenarios if revision in revisions.split(",")]
    assert len(wanted) > 30, wanted
    made = run(node, suite, url, "--requirements", revision)
    return {scenario: made[scenario] for scenario in wanted}, {}


def chosen(node, suite, url, revision, expected):
    """The checks of the scenarios that `expected` names, and those that may fail."""
    wanted = json.loads(pathlib.Path(expected).read_text())[revision]
    made = {}
    for scenario in wanted["pass"] + list(wanted["except"]):
        made |= run(node, suite, url, "--scenario", scenario, "--spec-version", revision)
    return made, wanted["except"]


def main(node, suite, url, revision, expected):
    if expected == "every":
        made, allowed = every(node, suite, url, revision)
    else:
        made, allowed = chosen(node, suite, url, revision, expected)
    wrong = []
    for scenario, checks in made.items():
        excused = allowed.get(scenario, [])
        failed = {check["id"] for check in checks if check["status"] == FAILED}
        wrong += [f"{scenario}: {check} failed" for check in sorted(failed - set(excused))]
        wrong += [f"{scenario}: {check} passes now, take it off the list" for check in sorted(set(excused) - failed)]
        print(f"{revision} {scenario}: {len(checks)} checks, {len(failed)} failed, {len(excused)} of them need fixtures")
    if wrong:
        sys.exit("\n".join(wrong))


main(*sys.argv[1:6])
