// Pictures of every page for the README, over the demonstration vault. What differs from run to run (ages, ports, names of
// entries) is written over, so that a picture changes when its page does.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { grant } from './client.mjs';
import { Person, launch } from './person.mjs';
import { World, call, eventually, hit } from './world.mjs';

const folder = path.resolve(process.argv[2]);
const QUESTION = 'why does rye bread need acid';

/** Writes the same words over what is never the same twice. */
async function settle(page, base) {
  await page.evaluate((base) => {
    for (const time of document.querySelectorAll('time')) time.textContent = '2 minutes ago';
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.data
        .replaceAll(base, 'http://127.0.0.1:7117')
        .replaceAll(/\b[0-9.]+ ms\b/g, '12 ms')
        .replaceAll(/ --(data-dir|config) [^\s"]+/g, '')
        .replaceAll(/[^\s"]*\/data\/vault\b/g, '~/Notes')
        .replaceAll(/[^\s"]*\/debug\/ibid\b/g, '/usr/local/bin/ibid');
      if (text !== node.data) node.data = text;
    }
  }, base);
}

const browser = await launch();
const world = await World.demonstration();
await world.addAda();
await world.writeSettings('[collections.demo]\nquestions = "questions.jsonl"\n');
await world.copyQuestions();
await writeDay();
await mkdir(folder, { recursive: true });

/** A day of searches in the log, more of them in the afternoon than in the night. */
async function writeDay() {
  const lines = [];
  for (let hour = 23; hour >= 0; hour -= 1) {
    const count = [9, 14, 17, 12, 8, 6, 3, 1, 0, 0, 0, 0, 1, 0, 0, 2, 5, 11, 13, 7, 10, 16, 12, 4][hour];
    for (let at = 0; at < count; at += 1) {
      const time = new Date(Date.now() - hour * 3_600_000 - (count - at) * 1_000).toISOString();
      const outcome = at % 11 === 7 ? 'validation' : 'ok';
      lines.push({ time, id: '000000000000', who: 'ada', client: 'Codex', call: 'search', bytes: 4_000, ms: 4 + ((at * 7 + hour) % 13), outcome });
    }
  }
  await world.writeLog(lines);
}

/** Takes one picture of what the person sees. */
async function take(person, name) {
  await settle(person.page, person.base);
  await person.page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled', caret: 'hide' });
  console.log(`${name}.png`);
}

/** Opens a page and takes its picture. */
async function picture(base, at, name, how = {}, ready = async () => {}) {
  const person = await Person.at(browser, base, { width: 1000, height: 720, ...how });
  await person.open(at);
  await ready(person.page);
  await take(person, name);
  await person.leave();
}

try {
  const open = await world.serve('--auth', 'none');
  const cited = `${await hit(open, QUESTION)}#cited`;
  const search = `/search?q=${encodeURIComponent(QUESTION)}`;
  await picture(open, search, 'search');
  await picture(open, search, 'search-dark-phone', { dark: true, width: 390, height: 720 });
  await picture(open, cited, 'reader');
  await picture(open, cited.replace('#', '?view=source#'), 'reader-source');
  for (const query of ['rye', 'miso', 'koji', 'levain', QUESTION]) await call(open, 'search', { query });
  // Measured beside the serving, which takes some seconds.
  const figures = (page) => page.getByRole('region', { name: 'Figures of demo' });
  await picture(open, '/overview', 'overview', { height: 1000 }, async (page) => {
    await eventually('there are figures', async () => {
      await page.reload();
      return (await figures(page).count()) > 0;
    });
  });
  await picture(open, '/connect', 'connect', { height: 1000 }, async (page) => {
    await page.locator('details.client summary').nth(1).click();
    await page.getByRole('button', { name: 'Walk' }).click();
    await page.locator('#walk').getByText('The way in is free.').waitFor();
    await page.locator('details.client summary').nth(1).click();
  });

  const guarded = await world.serve('--auth', 'oauth');
  const person = await Person.at(browser, guarded, { width: 1000, height: 720 });
  await person.page.goto('/login');
  await take(person, 'sign-in');
  await person.signIn();
  const token = await grant(person, 'Codex', () => take(person, 'consent'));
  for (const query of ['rye starter', 'steam for koji', QUESTION]) await call(guarded, 'search', { query }, token);
  await person.openUntil('/activity', person.page.getByText(QUESTION));
  await take(person, 'activity');
  await person.leave();
} finally {
  await world.end();
  await browser.close();
}
