"""The Python `mcp` package against the server: over HTTP in both protocol eras, and over stdio.

Usage: python_mcp.py URL IBID
"""

import asyncio
import json
import os
import sys

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client


def only_text(result):
    """The one text item of a result, which must say the same as its structured content."""
    assert not result.is_error, result
    (item,) = result.content
    assert item.type == "text", item
    said = json.loads(item.text)
    assert said == result.structured_content, (said, result.structured_content)
    return said


async def whole_way(client, expect_urls):
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert {"search", "fetch"} <= set(tools), tools
    assert list(tools["search"].input_schema["properties"]) == ["query"], tools["search"]
    assert list(tools["fetch"].input_schema["properties"]) == ["id"], tools["fetch"]
    for tool in tools.values():
        assert tool.output_schema and tool.annotations.read_only_hint, tool

    found = only_text(await client.call_tool("search", {"query": "why does rye bread stick to the knife"}))
    assert found["results"], found
    for hit in found["results"]:
        assert {"id", "title", "url", "text", "start", "end", "line"} <= set(hit), hit
        assert hit["url"].startswith("http://127.0.0.1:") == expect_urls, hit
        fetched = only_text(await client.call_tool("fetch", {"id": hit["id"]}))
        assert fetched["id"] == hit["id"], (fetched["id"], hit["id"])
        assert all(isinstance(value, str) for value in fetched["metadata"].values()), fetched["metadata"]
        offset = int(fetched["metadata"]["text_start"])
        quote = fetched["text"].encode()[fetched["start"] - offset : fetched["end"] - offset].decode()
        assert hit["text"] in quote, (hit["text"], quote)

    wrong = await client.call_tool("fetch", {"id": "rubbish"})
    assert wrong.is_error and "collection:path@hash:start-end" in wrong.content[0].text, wrong

    resources = (await client.list_resources()).resources
    read = await client.read_resource(resources[0].uri)
    assert read.contents, read
    prompts = (await client.list_prompts()).prompts
    assert prompts, "there is a prompt"


async def main(url, ibid):
    for mode in ("2026-07-28", "legacy", "auto"):
        async with Client(url, mode=mode) as client:
            await whole_way(client, expect_urls=True)
        print(f"http, {mode}: search, fetch, resources, prompts")
    for mode in ("2026-07-28", "legacy"):
        server = StdioServerParameters(command=ibid, args=["mcp"], env=dict(os.environ))
        async with Client(stdio_client(server), mode=mode) as client:
            # A server runs on the same data folder, so citations over stdio lead to its pages.
            await whole_way(client, expect_urls=True)
        print(f"stdio, {mode}: search, fetch, resources, prompts")


asyncio.run(main(*sys.argv[1:3]))
