"""The official conformance suite against the authorization server. Every check must pass.

Usage: authorization.py NODE SUITE ISSUER
"""

import json
import re
import subprocess
import sys
import threading
import urllib.request

import ports
from person import come_back

# For how many seconds the suite may hang.
PATIENCE = 600


def register(issuer, callback):
    about = {"client_name": "conformance", "redirect_uris": [callback], "token_endpoint_auth_method": "none"}
    request = urllib.request.Request(issuer + "/register", json.dumps(about).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["client_id"]


def main(node, suite, issuer):
    with ports.held() as holder:
        port = holder.getsockname()[1]
        callback = f"http://127.0.0.1:{port}/callback"
        command = [node, suite, "authorization", "--url", issuer, "--client-id", register(issuer, callback),
                   "--resource", issuer + "/mcp", "--port", str(port)]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        giving_up = threading.Timer(PATIENCE, running.kill)
        giving_up.start()
        said = []
        try:
            for line in running.stdout:
                said.append(line)
                page = re.search(re.escape(issuer) + r"/authorize\?\S+", line)
                if page:
                    come_back(page[0], callback)
            code = running.wait()
        finally:
            giving_up.cancel()
            running.kill()
    said = "".join(said)
    passed = re.findall(r"(\d+)/(\d+) passed|(\d+) passed, (\d+) failed", said)
    print(said[-1500:] if code or not passed else "\n".join(" ".join(filter(None, found)) for found in passed))
    sys.exit(code)


main(*sys.argv[1:4])
