// Notes, names and questions that try to become markup or script. None of them runs, and none changes what a page is
// made of.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Person, launch } from './person.mjs';
import { World, call, hit } from './world.mjs';

/** What would set `window.canary`, or ask for something elsewhere, if it ran. */
const CANARIES = [
  '<script>canary=1</script>',
  '<img src=x onerror=canary=1>',
  '<svg onload=canary=1><animate onbegin=canary=1 attributeName=x dur=1s>',
  '"><iframe srcdoc="<script>parent.canary=1</script>"></iframe>',
  "'-canary=1-'",
  '</title><script>canary=1</script>',
  '</mark></div></main><style>*{display:none}</style>',
  '<a href="javascript:canary=1">press</a>',
  '[press](javascript:canary=1)',
  '[press](data:text/html,<script>canary=1</script>)',
  '![seen](http://192.0.2.1/pixel.png)',
  '<img src="//192.0.2.1/pixel.png">',
  '<link rel=stylesheet href=//192.0.2.1/x.css><base href=//192.0.2.1/>',
  '<form action=//192.0.2.1/><button>press</button></form>',
  '<meta http-equiv=refresh content="0;url=//192.0.2.1/">',
  '${canary=1}{{canary=1}}',
  '\u202e<b onmouseover=canary=1>turned</b>',
];

/** As a file's name can hold it. */
const inName = (canary) => canary.replaceAll('/', '∕').slice(0, 120);

let browser, world, base;

before(async () => {
  browser = await launch();
  const notes = {};
  for (const [at, canary] of CANARIES.entries()) {
    const yaml = JSON.stringify(canary);
    notes[`plain${at}/a.md`] =
      `---\ntitle: ${yaml}\naliases: [${yaml}]\ntags: [x${at}]\nmood: ${yaml}\n---\n# ${canary}\n\n` +
      `cormorant ${canary} words\n\n> [!note] ${canary}\n> said\n\n| ${canary.replaceAll('|', '')} |\n| --- |\n| ${canary} |\n\n` +
      `\`${canary}\`\n\n\`\`\`mermaid\n${canary}\n\`\`\`\n\n$${canary}$\n`;
    notes[`folder${at} ${inName(canary)}/${inName(canary)}.md`] = `pelican ${at} [[${canary}]] ![[${canary}]]\n`;
  }
  world = await World.of(notes);
  base = await world.serve('--auth', 'none');
});

after(async () => {
  await browser.close();
  await world.end();
});

/** Looks whether a canary sang, and whether the page holds anything that could let one sing. */
async function expectQuiet(person) {
  const { page } = person;
  const addresses = await page.locator('main a').evaluateAll((links) => links.map((link) => link.href));
  for (const address of addresses) {
    assert.match(address, /^(https?|obsidian|mailto):/, `${page.url()} links to ${address}`);
  }
  const sang = await page.evaluate(() => {
    const found = [];
    if ('canary' in globalThis) found.push('a script ran');
    const bad = 'script:not([src]), style, iframe, object, embed, base, meta[http-equiv], svg [onbegin], link:not([href^="/"])';
    for (const element of document.querySelectorAll(bad)) found.push(element.outerHTML);
    for (const element of document.querySelectorAll('*')) {
      for (const { name } of element.attributes) if (name.startsWith('on') || name === 'style') found.push(element.outerHTML);
      if (element.matches('form') && new URL(element.action).origin !== location.origin) found.push(element.outerHTML);
    }
    return found;
  });
  assert.deepEqual(sang, [], page.url());
}

test('nothing that a note says is run', async () => {
  const person = await Person.at(browser, base);
  for (const at of CANARIES.keys()) {
    for (const question of [`cormorant tag:x${at}`, `pelican ${at}`]) {
      const cited = await hit(base, question);
      for (const path of [cited, cited.replace(/@[^@]*$/, '')]) {
        await person.open(path);
        await expectQuiet(person);
      }
    }
  }
  await person.leave();
});

test('nothing that a question says is run where calls are listed', async () => {
  for (const query of CANARIES) await call(base, 'search', { query });
  const person = await Person.at(browser, base);
  // The one that was asked last.
  await person.openUntil('/activity?call=search', person.page.getByText('>turned</b>'));
  await person.page.locator('details').evaluateAll((all) => all.forEach((details) => { details.open = true; }));
  await expectQuiet(person);
  await person.open('/overview');
  await expectQuiet(person);
  await person.leave();
});

test('nothing that an address says is run', async () => {
  const person = await Person.at(browser, base);
  for (const canary of CANARIES) {
    const written = encodeURIComponent(canary);
    for (const path of [
      `/d/${written}`,
      `/d/notes:${written}`,
      `/?q=${written}`,
      `/search?q=${written}`,
      `/activity?who=${written}&client=${written}&since=${written}&outcome=${written}&ended=${written}`,
      `/connect?said=${written}`,
    ]) {
      await person.page.goto(path);
      await expectQuiet(person);
    }
  }
  await person.leave();
});
