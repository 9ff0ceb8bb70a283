// What holds of every page there is: it can be read by everybody, on anything, and is small.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Person, launch } from './person.mjs';
import { World, hit } from './world.mjs';

/** The ways in which pages are looked at. */
const WAYS = {
  'in light': {},
  'in the dark': { dark: true },
  'on a phone': { narrow: true },
  'on a phone in the dark': { narrow: true, dark: true },
  'without script': { script: false },
};

let browser, world, base, pages;

before(async () => {
  browser = await launch();
  world = await World.demonstration();
  base = await world.serve('--auth', 'none');
  const cited = await hit(base, 'why does rye bread need acid');
  const note = cited.replace(/@[^@]*$/, '');
  pages = [
    ['/', 200],
    ['/search?q=rye', 200],
    [`${cited}?view=source`, 200],
    ['/overview', 200],
    ['/activity', 200],
    ['/connect', 200],
    [cited, 200],
    [note, 200],
    ['/d/demo:None.md', 404],
    ['/d/nonsense', 400],
    [cited.replace(/@.{12}/, '@000000000000'), 410],
  ];
});

after(async () => {
  await browser.close();
  await world.end();
});

for (const [way, how] of Object.entries(WAYS)) {
  test(`every page can be used ${way}`, async () => {
    const person = await Person.at(browser, base, how);
    for (const [path, status] of pages) {
      await person.open(path, status);
      assert.equal(await person.page.locator('h1').count(), 1, `${path} has one heading above all`);
      assert.ok(await person.page.title(), `${path} has a title`);
      await person.expectNoSideways();
      // axe is a script itself.
      if (how.script !== false) await person.expectAccessible();
    }
    await person.leave();
  });
}

test('every page is small', async () => {
  const person = await Person.at(browser, base);
  for (const [path, status] of pages) {
    await person.open(path, status);
    await person.expectLight();
  }
  await person.leave();
});

test('the focus is seen wherever Tab leads', async () => {
  const person = await Person.at(browser, base);
  for (const [path, status] of pages) {
    await person.open(path, status);
    await person.tabbed();
  }
  await person.leave();
});
