// The page that connects clients: what to paste, and the doctor's walk, seen while it goes on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Person, launch } from './person.mjs';
import { ADA, World } from './world.mjs';

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

test('what is to be pasted is copied by a press or by hand', async () => {
  const base = await world.serve('--auth', 'none');
  const person = await Person.at(browser, base);
  await person.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: base });
  await person.open('/connect');
  const { page } = person;
  await page.getByRole('button', { name: 'Copy' }).first().click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  await person.expectCopied(new RegExp(`^${base}/mcp$`));
  for (const name of ['ChatGPT', 'Claude', 'Claude Desktop', 'Codex', 'Cursor', 'VS Code', 'MCP Inspector']) {
    const client = page.locator('details.client').filter({ has: page.getByRole('heading', { name, exact: true }) });
    await client.locator('summary').click();
    assert.ok((await client.innerText()).includes(base) || name === 'ChatGPT', name);
  }
  await person.expectAccessible();
  await person.leave();
});

for (const how of [{}, { script: false }, { narrow: true, dark: true }]) {
  test(`the way in is walked before one's eyes ${JSON.stringify(how)}`, async () => {
    const base = await world.serve('--auth', 'none');
    const person = await Person.at(browser, base, how);
    await person.open('/connect');
    const { page } = person;
    assert.equal(await page.getByText('It was not walked yet.').count(), 1);
    for (const name of ['ChatGPT', 'Claude']) {
      await page.getByRole('radio', { name }).check();
      await page.getByRole('button', { name: 'Walk' }).click();
      // What the walk before found may be there still.
      const free = page.locator('#walk').filter({ hasText: `As ${name},` }).filter({ hasText: 'The way in is free.' });
      if (how.script === false) await person.openUntil('/connect', free);
      else await free.waitFor();
      const steps = await page.locator('ol.steps > li').allInnerTexts();
      assert.equal(steps.length, 14, steps.join('\n'));
      assert.ok(steps.some((step) => /^search ok/.test(step)), steps.join('\n'));
    }
    if (how.script !== false) await person.expectAccessible();
    await person.expectNoSideways();
    await person.leave();
  });
}

for (const script of [true, false]) {
  test(`a walk waits for the person to sign in ${script ? 'with' : 'without'} script`, async () => {
    const base = await world.serve('--auth', 'oauth');
    const person = await Person.at(browser, base, { script });
    await person.signIn('/connect');
    const { page } = person;
    await page.getByRole('heading', { level: 1, name: 'Connect' }).waitFor();
    await page.getByRole('button', { name: 'Walk' }).click();
    const sign_in = page.getByRole('link', { name: /Sign in and agree/ });
    await sign_in.waitFor();
    // The person comes back to where the doctor listens, which is another port of this machine.
    await person.context.unrouteAll();
    const [tab] = await Promise.all([person.context.waitForEvent('page'), sign_in.click()]);
    await tab.waitForLoadState();
    if (await tab.getByLabel('Password').count()) {
      await tab.getByLabel('Name').fill(ADA.name);
      await tab.getByLabel('Password').fill(ADA.password);
      await tab.getByRole('button', { name: 'Sign in' }).click();
    }
    await tab.getByRole('button', { name: 'Allow' }).click();
    await tab.waitForURL(/127\.0\.0\.1:[0-9]+\/callback/);
    await tab.close();
    const free = page.locator('#walk').getByText('The way in is free.');
    if (script) await free.waitFor();
    else await person.openUntil('/connect', free);
    const steps = await page.locator('ol.steps > li').allInnerTexts();
    assert.ok(steps.every((step) => / ok /.test(step.replaceAll('\n', ' '))), steps.join('\n'));
    await person.leave();
  });
}

test('a walk that waits is called off, and another may begin', async () => {
  const base = await world.serve('--auth', 'oauth');
  const person = await Person.at(browser, base);
  await person.signIn('/connect');
  const { page } = person;
  await page.getByRole('button', { name: 'Walk' }).click();
  await page.getByRole('link', { name: /Sign in and agree/ }).waitFor();
  await person.open('/connect');
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('#walk').getByText('It was called off.').waitFor();
  await page.getByRole('button', { name: 'Walk' }).click();
  await page.getByRole('link', { name: /Sign in and agree/ }).waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('#walk').getByText('It was called off.').waitFor();
  await person.expectAccessible();
  await person.leave();
});
