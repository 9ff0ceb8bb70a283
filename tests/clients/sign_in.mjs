// Clients written in TypeScript sign in and go the whole way, as those in sign_in.py do: the package
// `@modelcontextprotocol/sdk` over HTTP and SSE, and its successor `@modelcontextprotocol/client`.
//
// Usage: node sign_in.mjs PYTHON MODULES BASE FAMILY, or without the last two, which prints the families, one a line

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [python, modules, base, family] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const require = createRequire(path.join(modules, "x.js"));
const load = (name) => import(pathToFileURL(require.resolve(name)));

const CALLBACK = "http://127.0.0.1:9/callback";

/** Tokens and registration, as a client keeps them between runs, and the pages that a person was sent to. */
class Kept {
  pages = [];
  get redirectUrl() { return CALLBACK; }
  get clientMetadata() {
    return { client_name: "TypeScript", redirect_uris: [CALLBACK], token_endpoint_auth_method: "none",
             grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] };
  }
  state() { return "s-" + this.pages.length; }
  clientInformation() { return this.client; }
  saveClientInformation(client) { this.client = client; }
  tokens() { return this.kept; }
  saveTokens(tokens) { this.kept = tokens; }
  redirectToAuthorization(page) { this.pages.push(String(page)); }
  saveCodeVerifier(verifier) { this.verifier = verifier; }
  codeVerifier() { return this.verifier; }
  discoveryState() { return this.discovered; }
  saveDiscoveryState(state) { this.discovered = state; }
  invalidateCredentials(scope) {
    if (scope === "all" || scope === "client") this.client = undefined;
    if (scope === "all" || scope === "tokens") this.kept = undefined;
    if (scope === "all" || scope === "verifier") this.verifier = undefined;
  }
}

/** Connects, as often as a person must be asked on the way, and gives the client. */
async function connected(kept, { Client, transport, finish }) {
  for (let attempt = 0; attempt < 3; attempt++) {
    const client = new Client({ name: "t", version: "1" });
    const over = transport(kept);
    const before = kept.pages.length;
    try {
      await client.connect(over);
      return client;
    } catch (error) {
      if (kept.pages.length === before) throw error;
      const person = execFileSync(python, [path.join(here, "person.py"), kept.pages.at(-1), CALLBACK]);
      await finish(over, new URL(person.toString().trim()).searchParams);
    }
  }
  throw new Error("a person was asked three times");
}

async function ask(kept, kind) {
  const client = await connected(kept, kind);
  const found = (await client.callTool({ name: "search", arguments: { query: "rye" } })).structuredContent;
  const fetched = await client.callTool({ name: "fetch", arguments: { id: found.results[0].id } });
  assert.ok(fetched.structuredContent.text, JSON.stringify(fetched));
  await client.close();
}

async function wholeWay(name, kind) {
  const kept = new Kept();
  await ask(kept, kind);
  assert.equal(kept.pages.length, 1);
  const first = kept.kept;
  assert.ok(first.refresh_token);

  await ask(kept, kind);
  assert.equal(kept.pages.length, 1, "nobody is asked again");

  kept.kept = { ...first, access_token: "over" };
  await ask(kept, kind);
  assert.equal(kept.pages.length, 1, "renewed without a person");
  assert.ok(![first.access_token, "over"].includes(kept.kept.access_token));

  // The token ends while the client is connected: it is renewed under way.
  const client = await connected(kept, kind);
  kept.kept = { ...kept.kept, access_token: "over" };
  await client.callTool({ name: "search", arguments: { query: "rye" } });
  assert.notEqual(kept.kept.access_token, "over");
  assert.equal(kept.pages.length, 1);
  await client.close();

  const form = new URLSearchParams({ token: kept.kept.refresh_token, client_id: kept.client.client_id });
  assert.equal((await fetch(base + "/revoke", { method: "POST", body: form })).status, 200);
  await ask(kept, kind);
  assert.equal(kept.pages.length, 2, "the person is asked after a revocation");

  // The registration is gone: `invalid_client`.
  kept.client = { ...kept.client, client_id: "unknown" };
  kept.kept = { ...kept.kept, access_token: "over" };
  await ask(kept, kind);
  assert.notEqual(kept.client.client_id, "unknown");
  console.log(`${name}: registered, signed in, searched, fetched, renewed (also while connected), revoked, ` +
    "signed in again, registered anew when its registration was gone");
}

const old = {
  Client: (await load("@modelcontextprotocol/sdk/client/index.js")).Client,
  http: (await load("@modelcontextprotocol/sdk/client/streamableHttp.js")).StreamableHTTPClientTransport,
  sse: (await load("@modelcontextprotocol/sdk/client/sse.js")).SSEClientTransport,
};
const next = await load("@modelcontextprotocol/client");
const byCode = (over, parameters) => over.finishAuth(parameters.get("code"));
const byParameters = (over, parameters) => over.finishAuth(parameters);

const FAMILIES = {
  "sdk, http": [old.Client, old.http, "/mcp", byCode],
  "sdk, sse": [old.Client, old.sse, "/sse", byCode],
  "client, http": [next.Client, next.StreamableHTTPClientTransport, "/mcp", byParameters],
  "client, sse": [next.Client, next.SSEClientTransport, "/sse", byParameters],
};

if (family === undefined) {
  console.log(Object.keys(FAMILIES).join("\n"));
} else {
  const [Client, Transport, at, finish] = FAMILIES[family];
  const transport = (kept) => new Transport(new URL(base + at), { authProvider: kept });
  await wholeWay(family, { Client, transport, finish });
}
