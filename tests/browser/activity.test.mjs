// Who asked for what, and who has access, as an owner sees it; and that nobody else does.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Person, launch } from './person.mjs';
import { World, call } from './world.mjs';
import { grant } from './client.mjs';

let browser, world, base;

/** A client whose name tries to be markup. */
const CLIENT = '<img src=x onerror=canary=1>"><script>canary=1</script>';

before(async () => {
  browser = await launch();
  world = await World.demonstration();
  await world.addAda();
  base = await world.serve('--auth', 'oauth');
});

after(async () => {
  await browser.close();
  await world.end();
});

test('nobody sees it who has not signed in, and a token never does', async () => {
  const secret = (await world.run(['token', 'create', '--name', 'script'])).trim();
  for (const path of ['/activity', '/connect', '/connect/steps']) {
    const bearer = { headers: { authorization: `Bearer ${secret}` } };
    assert.equal((await fetch(`${base}${path}`, bearer)).status, 404, path);
    assert.equal((await fetch(`${base}${path}`)).status, 401, path);
  }
  const person = await Person.at(browser, base);
  await person.open('/activity');
  assert.equal(await person.page.getByRole('heading', { level: 1 }).innerText(), 'Sign in');
  await person.leave();
});

for (const script of [true, false]) {
  test(`a grant is seen, used and revoked ${script ? 'with' : 'without'} script`, async () => {
    const person = await Person.at(browser, base, { script });
    await person.signIn('/activity');
    await person.page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
    const token = await grant(person, CLIENT);
    const found = await call(base, 'search', { query: 'rye starter' }, token);
    assert.ok(found.structuredContent.results.length > 0);
    await person.openUntil('/activity', person.page.getByText('rye starter'));
    const row = person.page.getByRole('listitem').filter({ hasText: `${CLIENT} for ada` });
    assert.match(await row.innerText(), /Last used/);
    assert.equal(await person.page.evaluate(() => 'canary' in globalThis), false);
    if (script) await person.expectAccessible();
    await row.getByRole('button', { name: `Revoke ${CLIENT} for ada` }).click();
    await person.page.getByText('That has no access any more.').waitFor();
    assert.equal(await person.page.getByRole('listitem').filter({ hasText: `${CLIENT} for ada` }).count(), 0);
    const refused = await fetch(`${base}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    assert.equal(refused.status, 401);
    await person.leave();
  });
}

test('calls are narrowed by typing, and the address can be shared', async () => {
  const person = await Person.at(browser, base);
  await person.signIn('/activity');
  const token = await grant(person, 'Another program');
  await call(base, 'search', { query: 'only by this one' }, token);
  await call(base, 'fetch', { id: 'demo:None.md' }, token);
  const { page } = person;
  for (const words of ['only by this one', 'demo:None.md']) await person.openUntil('/activity', page.getByText(words));
  await page.getByRole('searchbox', { name: 'Client' }).fill('another');
  await page.getByRole('searchbox', { name: 'Call', exact: true }).fill('search');
  await page.keyboard.press('Enter');
  await page.waitForURL(/client=another&call=search/);
  const calls = page.getByRole('region', { name: 'Calls' }).getByRole('listitem');
  assert.ok((await calls.allInnerTexts()).every((call) => call.startsWith('search')));
  await calls.first().locator('summary').click();
  await calls.first().getByRole('link').first().waitFor();
  await person.expectAccessible();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
  await page.getByLabel('Outcome').selectOption('not_found');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.waitForURL(/outcome=not_found/);
  await page.getByText('demo:None.md').first().waitFor();
  assert.equal(await page.getByText('only by this one').count(), 0);
  await page.getByRole('link', { name: 'Show all' }).click();
  await page.getByText('only by this one').first().waitFor();
  await person.leave();
});

test('it fits a phone and is read in the dark', async () => {
  const person = await Person.at(browser, base, { narrow: true, dark: true });
  await person.signIn('/activity');
  await person.page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
  for (const summary of await person.page.locator('summary').all()) await summary.click();
  await person.expectNoSideways();
  await person.expectAccessible();
  await person.leave();
});
