// The overview as an owner sees it: what there is, what is lacking, how the last day went.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Person, launch } from './person.mjs';
import { World, call } from './world.mjs';

let browser;

before(async () => {
  browser = await launch();
});

after(() => browser.close());

/** A person before a server on a world, which both end with `use`. */
async function withWorld(world, how, use) {
  try {
    const base = await world.serve('--auth', 'none');
    const person = await Person.at(browser, base, how);
    await use(person, base);
    await person.leave();
  } finally {
    await world.end();
  }
}

test('it says what is there and leads to what changed last', async () => {
  await withWorld(await World.demonstration(), {}, async (person) => {
    const { page } = person;
    await person.open('/');
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    const card = page.getByRole('article').filter({ hasText: 'demo' });
    assert.match(await card.innerText(), /Notes\s+6[0-9]/);
    assert.match(await card.innerText(), /every passage, with all-MiniLM-L6-v2/);
    const changed = page.getByRole('region', { name: 'Changed last' }).getByRole('link').first();
    const title = await changed.innerText();
    await changed.click();
    await page.waitForURL(/\/d\//);
    assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), title);
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });
});

test('what could not be read is named with its reason', async () => {
  const world = await World.of({ 'a.md': 'rye\n', 'broken.pdf': 'no pdf at all\n' });
  await withWorld(world, {}, async (person) => {
    await person.open('/overview');
    await person.page.getByText('1 file could not be read').click();
    await person.page.getByText('broken.pdf').waitFor();
    await person.expectAccessible();
  });
});

test('the last day is drawn and stands in numbers too', async () => {
  for (const how of [{}, { dark: true, narrow: true }, { script: false }]) {
    await withWorld(await World.demonstration(), how, async (person, base) => {
      for (const query of ['rye', 'miso', 'koji', 'levain']) await call(base, 'search', { query });
      // What is asked is written down beside the answer.
      await person.openUntil('/overview', person.page.getByText('4 searches: half took'));
      const chart = person.page.getByRole('img', { name: /^How long searches took/ });
      assert.equal(await chart.count(), 1);
      const figure = person.page.getByRole('figure').filter({ hasText: 'How long searches took' });
      await figure.getByText('In numbers').click();
      assert.ok(await figure.getByRole('cell', { name: / ms$/ }).count() >= 2);
      if (how.script !== false) await person.expectAccessible();
      await person.expectNoSideways();
    });
  }
});

test('figures are shown of collections that have questions', async () => {
  const world = await World.demonstration();
  await world.writeSettings('[collections.demo]\nquestions = "questions.jsonl"\n');
  await world.copyQuestions();
  await withWorld(world, {}, async (person) => {
    const table = person.page.getByRole('region', { name: 'Figures of demo' });
    await person.openUntil('/overview', table);
    for (const name of ['hybrid', 'lexical', 'semantic']) await table.getByRole('rowheader', { name }).waitFor();
    assert.match(await table.getByRole('cell').first().innerText(), /^0\.[0-9]{3}$/);
    await person.expectAccessible();
  });
});
