"""The MCP Inspector's command line signs in, as at a terminal: it prints a page to open and listens for what comes back.

Usage: inspector_sign_in.py NODE INSPECTOR BASE
"""

import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request

import ports
from person import come_back

# For how many seconds one run may hang.
PATIENCE = 600


class Inspector:
    """Runs of the program that keep tokens in one home folder."""

    def __init__(self, node, inspector, home, url, transport):
        self.command = [node, inspector, "--cli", url, "--transport", transport, "--format", "json"]
        self.home, self.pages = home, 0
        self.holder = ports.held()
        self.callback = f"http://127.0.0.1:{self.holder.getsockname()[1]}/oauth/callback"
        self.environment = dict(os.environ, HOME=home, MCP_INSPECTOR_SECRET_STORE="file", NO_COLOR="1",
                                MCP_OAUTH_CALLBACK_URL=self.callback)

    def at_a_terminal(self, *arguments):
        """With a person, who does what the page asks."""
        master, slave = pty.openpty()
        running = subprocess.Popen([*self.command, *arguments], stdin=slave, stdout=slave, stderr=slave,
                                   env=self.environment, close_fds=True)
        os.close(slave)
        giving_up = threading.Timer(PATIENCE, running.kill)
        giving_up.start()
        said, is_asked = "", False
        try:
            while True:
                try:
                    read = os.read(master, 65536)
                except OSError:
                    break
                if not read:
                    break
                said += read.decode(errors="replace")
                page = re.search(r"navigate to:\s*(http://[^\s]+/authorize\?[^\s]+)\s", said)
                if page and not is_asked:
                    is_asked, self.pages = True, self.pages + 1
                    come_back(page[1], self.callback)
            code = running.wait()
        finally:
            giving_up.cancel()
            running.kill()
            os.close(master)
        assert code == 0, said
        return said

    def alone(self, *arguments):
        """With what is stored, and nobody to ask."""
        ran = subprocess.run([*self.command, *arguments, "--stored-auth-only"], env=self.environment, text=True,
                             capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
        return ran.returncode, ran.stdout + ran.stderr

    def files(self):
        return [file for file in pathlib.Path(self.home).rglob("*") if file.is_file()]

    def tokens(self):
        """Every stored pair of access token and refresh token, with its file."""
        found = []
        for file in self.files():
            text = file.read_text(errors="replace")
            for place in re.finditer(r'\\*"access_token\\*":\s*\\*"([^"\\]+)', text):
                refresh = re.search(r'\\*"refresh_token\\*":\s*\\*"([^"\\]+)', text)
                found.append((file, place[1], refresh and refresh[1]))
        return found


def main(node, inspector, base):
    search = ("--method", "tools/call", "--tool-name", "search", "--tool-arg", "query=koji")
    for transport, path in (("http", "/mcp"), ("sse", "/sse")):
        with tempfile.TemporaryDirectory() as home:
            program = Inspector(node, inspector, home, base + path, transport)
            tools = program.at_a_terminal("--method", "tools/list")
            assert '"search"' in tools and '"fetch"' in tools and program.pages == 1, tools
            done = ["registered", "signed in"]
            code, found = program.alone(*search)
            assert code == 0 and "Ferments/" in found, found
            done.append("searched with what it kept")
            ((file, access, refresh),) = program.tokens()
            file.write_text(file.read_text().replace(access, "over"))
            code, found = program.alone(*search)
            renewed = program.tokens()[0][1]
            if code == 0 and "Ferments/" in found and renewed not in (access, "over"):
                done.append("renewed")
            else:
                done.append(f"could not renew by itself (exit {code})")
                program.at_a_terminal(*search)
            (_, access, refresh), *_ = program.tokens()
            client = re.search(r'\\*"client_id\\*":\s*\\*"([^"\\]+)', "".join(f.read_text() for f in program.files()))[1]
            form = urllib.parse.urlencode({"token": refresh, "client_id": client}).encode()
            urllib.request.urlopen(base + "/revoke", form).close()
            code, said = program.alone(*search)
            assert code != 0 and "Ferments/" not in said, said
            before = program.pages
            found = program.at_a_terminal(*search)
            assert "Ferments/" in found and program.pages == before + 1, found
            done.append("revoked, signed in again")
            print(f"inspector, {transport}: {', '.join(done)}", flush=True)


main(*sys.argv[1:4])
