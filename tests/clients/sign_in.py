"""The Python `mcp` package signs in: discovery, registration, a person's consent, search, fetch, renewal, revocation.

Usage: sign_in.py URL
"""

import asyncio
import sys
import urllib.parse
import urllib.request

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata
from person import agree

CALLBACK = "http://127.0.0.1:9/callback"


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


def provider(url, kept, pages):
    came_back = {}

    async def redirect(page):
        pages.append(page)
        back = await asyncio.to_thread(agree, page, CALLBACK)
        came_back.update(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))

    async def callback():
        return AuthorizationCodeResult(code=came_back["code"], state=came_back["state"], iss=came_back["iss"])

    about = OAuthClientMetadata(client_name="Python", redirect_uris=[CALLBACK], token_endpoint_auth_method="none")
    return OAuthClientProvider(url, about, kept, redirect, callback)


async def ask(url, kept, pages, mode):
    async with httpx2.AsyncClient(auth=provider(url, kept, pages)) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            found = (await client.call_tool("search", {"query": "rye"})).structured_content
            fetched = await client.call_tool("fetch", {"id": found["results"][0]["id"]})
            assert not fetched.is_error, fetched


async def main(url):
    for mode in ("auto", "legacy"):
        kept, pages = Kept(), []
        await ask(url, kept, pages, mode)
        assert len(pages) == 1 and kept.tokens.refresh_token, pages
        first = kept.tokens.access_token

        # The next run has the tokens, and asks nobody.
        await ask(url, kept, pages, mode)
        assert len(pages) == 1, "nobody is asked again"

        # An access token that is none any more is renewed without a person.
        kept.tokens = kept.tokens.model_copy(update={"access_token": "over", "expires_in": -1})
        await ask(url, kept, pages, mode)
        assert kept.tokens.access_token not in (first, "over"), "there is a new token"

        # What is revoked opens nothing: the person is asked again.
        form = {"token": kept.tokens.refresh_token, "client_id": kept.client_info.client_id}
        revoke = url.removesuffix("/mcp") + "/revoke"
        urllib.request.urlopen(revoke, urllib.parse.urlencode(form).encode()).close()
        await ask(url, kept, pages, mode)
        print(f"{mode}: registered, signed in, searched, fetched, renewed, revoked, signed in again")


asyncio.run(main(*sys.argv[1:2]))
