"""Clients written in Python sign in and go the whole way: discovery, registration, a person's consent, search, fetch, an
access token that is over, renewal, revocation, and an address whose registration is gone. Over HTTP and over SSE: the
package `mcp`, `fastmcp-slim`, and the MCP servers of `openai-agents` (no model is asked).

Usage: sign_in.py BASE FAMILY, or sign_in.py alone, which prints the families, one a line
"""

import asyncio
import contextlib
import json
import logging
import os
import sys
import threading
import time
import urllib.parse
import urllib.request
import warnings
import webbrowser

import httpx2
import ports
from agents.mcp import MCPServerSse, MCPServerStreamableHttp
from fastmcp import Client as FastClient
from fastmcp.client.auth import OAuth
from fastmcp.client.transports import SSETransport, StreamableHttpTransport
from key_value.aio.stores.memory import MemoryStore
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata
from person import agree, come_back

CALLBACK = "http://127.0.0.1:9/callback"

# For how many seconds a client waits for an answer; some of them wait for 5 where nothing is said.
PATIENCE = 120


class Kept:
    """Tokens and registration, as a client keeps them between runs."""

    tokens = client_info = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client_info

    async def set_client_info(self, client_info):
        self.client_info = client_info


class Program:
    """A client program with what it keeps. `pages` are those that a person was sent to."""

    def __init__(self, url):
        self.url, self.kept, self.pages, self.auth = url, Kept(), [], None

    def provider(self):
        came_back = {}

        async def redirect(page):
            self.pages.append(page)
            back = await asyncio.to_thread(agree, page, CALLBACK)
            came_back.update(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))

        async def callback():
            return AuthorizationCodeResult(code=came_back["code"], state=came_back["state"], iss=came_back["iss"])

        about = OAuthClientMetadata(client_name="Python", redirect_uris=[CALLBACK], token_endpoint_auth_method="none")
        self.auth = OAuthClientProvider(self.url, about, self.kept, redirect, callback)
        return self.auth


class Python(Program):
    def __init__(self, url, mode):
        super().__init__(url)
        self.mode = mode

    @contextlib.asynccontextmanager
    async def connected(self):
        async with httpx2.AsyncClient(auth=self.provider(), timeout=PATIENCE) as http:
            async with Client(streamable_http_client(self.url, http_client=http), mode=self.mode) as client:
                yield lambda tool, arguments: client.call_tool(tool, arguments)


class PythonSse(Program):
    @contextlib.asynccontextmanager
    async def connected(self):
        async with Client(sse_client(self.url, auth=self.provider(), timeout=PATIENCE), mode="legacy") as client:
            yield lambda tool, arguments: client.call_tool(tool, arguments)


class Agents(Program):
    def __init__(self, url, kind):
        super().__init__(url)
        self.kind = kind

    @contextlib.asynccontextmanager
    async def connected(self):
        at = {"url": self.url, "auth": self.provider(), "timeout": PATIENCE}
        async with self.kind(params=at, client_session_timeout_seconds=PATIENCE) as server:
            assert {"search", "fetch"} <= {tool.name for tool in await server.list_tools()}
            yield lambda tool, arguments: server.call_tool(tool, arguments)


class Fast(Program):
    """With its own handlers: it opens a browser, and listens on loopback for what comes back."""

    def __init__(self, url, transport):
        super().__init__(url)
        self.transport, self.store = transport, MemoryStore()

    def opened(self, page):
        self.pages.append(page)
        (redirect,) = urllib.parse.parse_qs(urllib.parse.urlsplit(page).query)["redirect_uri"]
        # In a thread, for it listens only when this is over.
        threading.Thread(target=come_back, args=(page, redirect)).start()

    @contextlib.asynccontextmanager
    async def connected(self):
        webbrowser.open = self.opened
        # Left to itself it takes a free port and listens there later, when somebody else may have it.
        self.port = ports.held()
        self.auth = OAuth(self.url, token_storage=self.store, callback_port=self.port.getsockname()[1])
        self.kept = self.auth.context.storage
        async with FastClient(self.transport(self.url, auth=self.auth)) as client:
            yield lambda tool, arguments: client.call_tool(tool, arguments)


def said(result):
    """What a tool gave; each of the clients has a shape of its own for it."""
    assert not getattr(result, "is_error", False), result
    structured = getattr(result, "structured_content", None)
    return structured if structured is not None else json.loads(result.content[0].text)


async def ask(program, is_over=False):
    async with program.connected() as call:
        if is_over:
            # While connected, so that the client knows when its token ends.
            program.auth.context.current_tokens.access_token = "over"
            program.auth.context.token_expiry_time = time.time() - 1
        found = said(await call("search", {"query": "rye"}))
        fetched = said(await call("fetch", {"id": found["results"][0]["id"]}))
        assert fetched["text"], fetched


async def change(kept, tokens=None, client=None):
    """Changes what a client keeps, as time or the server's owner would."""
    if tokens:
        await kept.set_tokens((await kept.get_tokens()).model_copy(update=tokens))
    if client:
        await kept.set_client_info((await kept.get_client_info()).model_copy(update=client))


async def whole_way(name, program, base):
    pages = program.pages
    await ask(program)
    assert len(pages) == 1, pages
    tokens = await program.kept.get_tokens()
    assert tokens.refresh_token, tokens

    # The next run has the tokens, and asks nobody.
    await ask(program)
    assert len(pages) == 1, "nobody is asked again"

    # An access token that is over is renewed without a person.
    await ask(program, is_over=True)
    renewed = await program.kept.get_tokens()
    assert renewed.access_token not in (tokens.access_token, "over"), "there is a new token"
    assert len(pages) == 1, "it is renewed without a person"

    # The same in a later run: not every client remembers when its token ends.
    await change(program.kept, tokens={"access_token": "over", "expires_in": -1})
    await ask(program)
    renewed = await program.kept.get_tokens()
    assert renewed.access_token != "over", "there is a new token"
    asked = "renewed" if len(pages) == 1 else "renewed while connected (in a later run it asks the person)"

    # What is revoked opens nothing: the person is asked again.
    client_id = (await program.kept.get_client_info()).client_id
    form = {"token": renewed.refresh_token, "client_id": client_id}
    urllib.request.urlopen(base + "/revoke", urllib.parse.urlencode(form).encode()).close()
    before = len(pages)
    await ask(program)
    assert len(pages) == before + 1, "the person is asked after a revocation"

    # The registration is gone, and the access token over: `invalid_client`.
    await change(program.kept, {"access_token": "over", "expires_in": -1}, {"client_id": "unknown"})
    try:
        await ask(program)
        again = "registered anew when its registration was gone"
        assert (await program.kept.get_client_info()).client_id != "unknown"
    except BaseException as error:
        # What these clients cannot do is told, not hidden: they ask the person with the id that is unknown.
        if "400" not in repr(error) + repr(getattr(error, "exceptions", "")):
            raise
        again = "cannot register anew (the client, not the server)"
    print(f"{name}: registered, signed in, searched, fetched, {asked}, revoked, signed in again; {again}", flush=True)


FAMILIES = {
    "mcp, http, auto": lambda base: Python(base + "/mcp", "auto"),
    "mcp, http, legacy": lambda base: Python(base + "/mcp", "legacy"),
    "mcp, sse": lambda base: PythonSse(base + "/sse"),
    "mcp, sse of one collection": lambda base: PythonSse(base + "/c/demo/sse"),
    "openai-agents, http": lambda base: Agents(base + "/mcp", MCPServerStreamableHttp),
    "openai-agents, sse": lambda base: Agents(base + "/sse", MCPServerSse),
    "fastmcp, http": lambda base: Fast(base + "/mcp", StreamableHttpTransport),
    "fastmcp, sse": lambda base: Fast(base + "/sse", SSETransport),
}


def fail_at_once(failed):
    """Ends the run with the reason why a thread failed, which nobody waits for."""
    threading.__excepthook__(failed)
    sys.stderr.flush()
    os._exit(1)


def main(base, family):
    threading.excepthook = fail_at_once
    logging.disable(logging.ERROR)
    warnings.simplefilter("ignore")
    asyncio.run(whole_way(family, FAMILIES[family](base), base))


if len(sys.argv) == 1:
    print("\n".join(FAMILIES))
else:
    main(*sys.argv[1:3])
