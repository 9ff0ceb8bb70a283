// Signing in and granting access as a person does: who asks, what for, which notes; and what a stranger sees.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { grant } from './client.mjs';
import { Person, launch } from './person.mjs';
import { ADA, World, call } from './world.mjs';

let browser, world;

before(async () => {
  browser = await launch();
  world = await World.demonstration();
  await world.addAda();
});

after(async () => {
  await browser.close();
  await world.end();
});

for (const how of [{}, { script: false }, { narrow: true, dark: true }]) {
  test(`a person signs in and comes to the page they wanted ${JSON.stringify(how)}`, async () => {
    // A server each: how many passwords may be tried from one address is limited.
    const base = await world.serve('--auth', 'oauth');
    const person = await Person.at(browser, base, how);
    const { page } = person;
    await person.open('/overview');
    assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Sign in');
    if (how.script !== false) await person.expectAccessible();
    await person.expectNoSideways();
    await page.getByLabel('Name').fill(ADA.name);
    await page.getByLabel('Password').fill('wrong horse battery staple');
    await page.keyboard.press('Enter');
    await page.getByText('Name and password do not belong together.').waitFor();
    if (how.script !== false) await person.expectAccessible();
    await page.getByLabel('Name').fill(ADA.name);
    await page.getByLabel('Password').fill(ADA.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await person.leave();
  });
}

for (const how of [{}, { script: false }, { narrow: true, dark: true }]) {
  test(`a person sees who asks for what before they allow it ${JSON.stringify(how)}`, async () => {
    const base = await world.serve('--auth', 'oauth');
    const person = await Person.at(browser, base, how);
    await person.signIn('/overview');
    const name = '</title><script>canary=1</script><b>Friendly</b>';
    const token = await grant(person, name, async () => {
      const { page } = person;
      assert.ok((await page.getByRole('heading', { level: 1 }).innerText()).includes(name));
      assert.equal(await page.evaluate(() => 'canary' in globalThis), false);
      await page.getByText('unverified').first().waitFor();
      if (how.script !== false) await person.expectAccessible();
      await person.expectNoSideways();
      await page.getByRole('checkbox', { name: /notes:read/ }).uncheck();
    });
    const found = await call(base, 'search', { query: 'rye' }, token);
    assert.ok(found.structuredContent.results.length > 0);
    const [{ id }] = found.structuredContent.results;
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'fetch', arguments: { id } } });
    const headers = { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` };
    assert.equal((await fetch(`${base}/mcp`, { method: 'POST', headers, body })).status, 403, 'what was taken away is not granted');
    await person.leave();
  });
}
