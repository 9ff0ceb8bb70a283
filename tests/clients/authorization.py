"""The official conformance suite against the authorization server. Every check must pass.

Usage: authorization.py NODE SUITE ISSUER
"""

import json
import re
import subprocess
import sys
import threading
import urllib.request

from person import agree

PORT = 43117
CALLBACK = f"http://127.0.0.1:{PORT}/callback"


def register(issuer):
    about = {"client_name": "conformance", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
    request = urllib.request.Request(issuer + "/register", json.dumps(about).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["client_id"]


def main(node, suite, issuer):
    command = [node, suite, "authorization", "--url", issuer, "--client-id", register(issuer),
               "--resource", issuer + "/mcp", "--port", str(PORT)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    giving_up = threading.Timer(120, running.kill)
    giving_up.start()
    said = []
    for line in running.stdout:
        said.append(line)
        page = re.search(re.escape(issuer) + r"/authorize\?\S+", line)
        if page:
            urllib.request.urlopen(agree(page[0], CALLBACK)).close()
    code = running.wait()
    giving_up.cancel()
    said = "".join(said)
    passed = re.findall(r"(\d+)/(\d+) passed|(\d+) passed, (\d+) failed", said)
    print(said[-1500:] if code or not passed else "\n".join(" ".join(filter(None, found)) for found in passed))
    sys.exit(code)


main(*sys.argv[1:4])
