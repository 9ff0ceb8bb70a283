// A client of MCP that has to sign in: registers, sends a person to the page where they agree, and trades what they bring
// for a token.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';

/** Where a client of its own kind would listen; here nothing does, and the address alone is looked at. */
const CALLBACK = 'http://127.0.0.1:9/callback';

const form = (fields) => new URLSearchParams(fields).toString();

/** Registers a client and gives its id. */
export async function register(base, name) {
  const body = JSON.stringify({ client_name: name, redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' });
  const answer = await fetch(`${base}/register`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  assert.equal(answer.status, 201, await answer.clone().text());
  return (await answer.json()).client_id;
}

/** The page on which a person agrees, and what proves later who asked. */
export function request(base, client_id) {
  const verifier = randomBytes(32).toString('base64url');
  const code_challenge = createHash('sha256').update(verifier).digest('base64url');
  const asked = { response_type: 'code', client_id, redirect_uri: CALLBACK, code_challenge, code_challenge_method: 'S256', resource: `${base}/mcp` };
  return { page: `/authorize?${form(asked)}`, verifier };
}

/** Lets a person who is signed in grant a client of this name everything, and gives its token; `asked` is called on the
 * page that asks them. */
export async function grant(person, name, asked = async () => {}) {
  const { base, page, context } = person;
  const client_id = await register(base, name);
  const { page: path, verifier } = request(base, client_id);
  // The way back leads out of the server, and is looked at on its way.
  let back;
  const leaves = (url) => url.href.startsWith(CALLBACK);
  await context.route(leaves, (route) => {
    back = new URL(route.request().url());
    return route.fulfill({ status: 200, contentType: 'text/html', body: '<title>back</title>' });
  });
  await page.goto(path);
  await asked();
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.waitForURL(leaves);
  await context.unroute(leaves);
  const fields = { grant_type: 'authorization_code', code: back.searchParams.get('code'), redirect_uri: CALLBACK, client_id, code_verifier: verifier };
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(`${base}/token`, { method: 'POST', headers, body: form(fields) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()).access_token;
}
