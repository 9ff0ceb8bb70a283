// Searching and reading as a person does both: types, presses, goes back, with the keyboard alone, and without a script.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Person, launch } from './person.mjs';
import { World } from './world.mjs';

const QUESTION = 'why does rye bread need acid';

let browser, world, base;

before(async () => {
  browser = await launch();
  world = await World.demonstration();
  base = await world.serve('--auth', 'none');
});

after(async () => {
  await browser.close();
  await world.end();
});

const box = (page) => page.getByRole('main').getByRole('searchbox');
const hits = (page) => page.locator('.hit h2 a');

test('results come as one types, and the address can be shared', async () => {
  const person = await Person.at(browser, base);
  const { page } = person;
  await person.open('/');
  await box(page).pressSequentially(QUESTION, { delay: 10 });
  await hits(page).first().waitFor();
  await page.waitForURL((url) => url.searchParams.get('q') === QUESTION);
  await page.getByText(/passages? in [0-9]+ notes?/).first().waitFor();
  const titles = await hits(page).allInnerTexts();
  await person.expectAccessible();
  const other = await Person.at(browser, base);
  await other.open(page.url().slice(base.length));
  assert.deepEqual(await hits(other.page).allInnerTexts(), titles);
  assert.equal(await box(other.page).inputValue(), QUESTION);
  await other.leave();
  await person.leave();
});

test('a hit opens at its words, and back leads to the results', async () => {
  for (const script of [true, false]) {
    const person = await Person.at(browser, base, { script });
    const { page } = person;
    await person.open(`/search?q=${encodeURIComponent(QUESTION)}`);
    const title = await hits(page).first().innerText();
    await hits(page).first().click();
    await page.waitForURL(/\/d\/.*#cited$/);
    assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), title);
    const cited = page.locator('#cited');
    await cited.waitFor();
    const { top, bottom, height } = await cited.evaluate((mark) => {
      const { top, bottom } = mark.getBoundingClientRect();
      return { top, bottom, height: innerHeight };
    });
    assert.ok(bottom > 0 && top < height, 'the cited words are in view');
    if (script) await person.expectAccessible();
    await page.getByRole('link', { name: 'Source' }).click();
    await page.waitForURL(/view=source#cited$/);
    await page.locator('mark#cited').waitFor();
    if (script) await person.expectAccessible();
    await page.goBack();
    await page.goBack();
    await hits(page).first().waitFor();
    await person.leave();
  }
});

const LONG = `---
status: done
---
# Callouts

## Customize callouts

${'These lines only fill the page, so that there is something to scroll. \n\n'.repeat(60)}
## Supported types

You can use **several** [[Types|types]] of callouts.

${'These lines follow, and say nothing at all of it. \n\n'.repeat(60)}

| Plan | Storage |
| --- | --- |
| Basic | 1 GB |
| Standard | 10 GB |
`;

test('a hit opens at its sentence, which is marked more strongly than what is around it', async () => {
  const notes = await World.of({ 'Callouts.md': LONG, 'Types.md': 'Types are kinds.\n' });
  const address = await notes.serve('--auth', 'none');
  for (const dark of [false, true]) {
    const person = await Person.at(browser, address, { dark });
    const { page } = person;
    await person.open('/search?q=which+callout+types+are+supported');
    const hit = page.locator('.hit').first();
    await hit.getByText('Callouts › Supported types').first().waitFor();
    const snippet = hit.locator('.snippet').first();
    assert.match(await snippet.innerHTML(), /<strong>several<\/strong> <mark>types<\/mark> of (<mark>)?callouts/);
    await person.expectAccessible();
    await hits(page).first().click();
    await page.waitForURL(/[?]at=[0-9]+-[0-9]+#cited$/);
    const cited = page.locator('mark#cited');
    assert.match(await cited.innerText(), /^You can use/);
    const { top, height } = await cited.evaluate((mark) => ({ top: mark.getBoundingClientRect().top, height: innerHeight }));
    assert.ok(top > 0 && top < height, `the sentence is in view: ${top}`);
    const colour = (mark) => mark.evaluate((element) => getComputedStyle(element).backgroundColor);
    const around = page.locator('mark.around');
    if ((await around.count()) > 0) assert.notEqual(await colour(cited), await colour(around.first()));
    await page.getByRole('link', { name: /Lines? [0-9]/ }).waitFor();
    await person.expectAccessible();
    await page.getByRole('link', { name: 'Source' }).click();
    await page.waitForURL(/[?]at=[0-9]+-[0-9]+&view=source#cited$/);
    assert.match(await page.locator('mark#cited').innerText(), /^You can use/);
    await person.leave();
  }
  await notes.end();
});

test('passages of one note stand under it, and each leads to its own words', async () => {
  const notes = await World.of({ 'Callouts.md': LONG, 'Storage.md': 'Storage of callouts.\n' });
  const address = await notes.serve('--auth', 'none');
  const person = await Person.at(browser, address);
  const { page } = person;
  await person.open('/search?q=callouts+storage+standard');
  const paths = await page.locator('.hit h2').allInnerTexts();
  assert.equal(new Set(paths).size, paths.length, 'a note is named once');
  const note = page.locator('.hit', { has: page.getByRole('heading', { name: 'Callouts' }) });
  assert.equal(await note.locator('.snippet').count(), 2);
  const table = note.locator('.snippet table');
  assert.deepEqual(await table.locator('th').allInnerTexts(), ['Plan', 'Storage']);
  assert.ok((await table.innerText()).includes('10 GB'));
  await note.locator('.place a').first().click();
  await page.waitForURL(/[?]at=/);
  await page.locator('mark#cited').first().waitFor();
  await page.goBack();
  await box(page).focus();
  for (let step = 0; step < 4; step += 1) await page.keyboard.press('ArrowDown');
  assert.ok(await page.evaluate(() => document.activeElement.closest('.hit') !== null), 'the keyboard reaches them');
  await person.leave();
  await notes.end();
});

test('the keyboard does all of it', async () => {
  const person = await Person.at(browser, base);
  const { page } = person;
  await person.open('/overview');
  await page.keyboard.press('/');
  await page.keyboard.type('koji');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/search\?q=koji/);
  await hits(page).first().waitFor();
  await box(page).focus();
  await page.keyboard.press('ArrowDown');
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  const [first, second] = await page.locator('.hit h2 a, .hit .place a').allInnerTexts();
  assert.equal((await focused()).trim(), first.trim());
  await page.keyboard.press('j');
  assert.equal((await focused()).trim(), second.trim());
  await page.keyboard.press('k');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/d\//);
  await page.goBack();
  await hits(page).first().waitFor();
  await box(page).focus();
  await page.keyboard.press('Escape');
  assert.equal(await box(page).inputValue(), '');
  await person.leave();
});

test('a filter narrows, is seen in the question, and is taken away again', async () => {
  for (const script of [true, false]) {
    const person = await Person.at(browser, base, { script });
    const { page } = person;
    await person.open('/search?q=rye');
    const facets = page.getByRole('navigation', { name: 'Narrow the results' });
    const choice = facets.getByRole('link').first();
    const label = (await choice.locator('bdi').innerText()).trim();
    await choice.click();
    await page.waitForURL((url) => url.search !== '?q=rye');
    const chosen = facets.getByRole('link', { name: /take it away/ });
    assert.equal((await chosen.first().locator('bdi').innerText()).trim(), label);
    assert.ok((await hits(page).count()) > 0);
    await chosen.first().click();
    await page.waitForURL((url) => url.searchParams.get('q').trim() === 'rye');
    assert.equal((await box(page).inputValue()).trim(), 'rye');
    await person.leave();
  }
});

test('why a result is there is one press away', async () => {
  const person = await Person.at(browser, base);
  await person.open(`/search?q=${encodeURIComponent(QUESTION)}`);
  await person.page.getByText('Why this?').first().click();
  await person.page.locator('.hit details[open]').first().waitFor();
  await person.expectAccessible();
  await person.leave();
});

test('without a script the form does the same', async () => {
  const person = await Person.at(browser, base, { script: false });
  const { page } = person;
  await person.open('/');
  await box(page).fill('kimchi');
  await page.getByRole('main').getByRole('button', { name: 'Search' }).click();
  await page.waitForURL(/\/search\?q=kimchi/);
  assert.ok((await hits(page).allInnerTexts()).some((title) => title.includes('Kimchi')));
  await person.leave();
});

test('what is cited is copied', async () => {
  const person = await Person.at(browser, base);
  await person.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: base });
  const { page } = person;
  await person.open(`/search?q=${encodeURIComponent(QUESTION)}`);
  await hits(page).first().click();
  await page.getByRole('button', { name: 'Copy citation' }).click();
  await person.expectCopied(/^demo:.*@[0-9a-f]{12}:[0-9]+-[0-9]+$/);
  await page.getByRole('button', { name: 'Copy quote' }).click();
  await person.expectCopied(/^(?!demo:).{20}/s);
  await person.leave();
});

test('it can be used on a phone in the dark', async () => {
  const person = await Person.at(browser, base, { narrow: true, dark: true });
  const { page } = person;
  await person.open('/search?q=rugbrod');
  await person.expectNoSideways();
  await person.expectAccessible();
  await hits(page).first().click();
  await page.locator('#cited').waitFor();
  await person.expectNoSideways();
  await person.expectAccessible();
  await person.leave();
});
