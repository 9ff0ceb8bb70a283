// A client of MCP that has to sign in: registers, sends a person to the page where they agree, and trades what they bring
// for a token.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const form = (fields) => new URLSearchParams(fields).toString();

/** Where a client of this machine listens for the person who comes back. */
async function listen() {
  const server = createServer((_, answer) => {
    answer.setHeader('content-type', 'text/html');
    answer.end('<!doctype html><html lang="en"><title>back</title><link rel="icon" href="data:,"><p>Back.</p></html>');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

/** Registers a client and gives its id. */
async function register(base, name, redirect_uri) {
  const body = JSON.stringify({ client_name: name, redirect_uris: [redirect_uri], token_endpoint_auth_method: 'none' });
  const answer = await fetch(`${base}/register`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  assert.equal(answer.status, 201, await answer.clone().text());
  return (await answer.json()).client_id;
}

/** Lets a person who is signed in grant a client of this name everything, and gives its token; `asked` is called on the
 * page that asks them. */
export async function grant(person, name, asked = async () => {}) {
  const { base, page } = person;
  const { server, origin } = await listen();
  try {
    const redirect_uri = `${origin}/callback`;
    const client_id = await register(base, name, redirect_uri);
    const code_verifier = randomBytes(32).toString('base64url');
    const code_challenge = createHash('sha256').update(code_verifier).digest('base64url');
    const request = { response_type: 'code', client_id, redirect_uri, code_challenge, code_challenge_method: 'S256', resource: `${base}/mcp` };
    await page.goto(`/authorize?${form(request)}`);
    await asked();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.waitForURL((url) => url.origin === origin);
    const code = new URL(page.url()).searchParams.get('code');
    const fields = { grant_type: 'authorization_code', code, redirect_uri, client_id, code_verifier };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(`${base}/token`, { method: 'POST', headers, body: form(fields) });
    assert.equal(answer.status, 200, await answer.clone().text());
    return (await answer.json()).access_token;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
