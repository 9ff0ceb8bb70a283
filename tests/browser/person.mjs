// A person before a browser: opens pages, types, clicks. Whatever goes wrong unseen is kept as a fault (an error on the
// console, a broken rule of the content security policy, a request to anywhere else), and a test that ends with one fails.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import { ADA, PATIENCE, eventually } from './world.mjs';

const require = createRequire(`${process.env.IBID_TOOLS}/`);
const { chromium } = require('playwright-core');
const AXE = require('axe-core').source;

/** Rules of WCAG 2.2 A and AA, and those that axe calls good practice. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The most bytes of a page with all that it loads. */
const MAX_PAGE_BYTES = 100_000;

/** Starts the browser; close it when the tests are over. */
export function launch() {
  return chromium.launch({ executablePath: process.env.IBID_CHROMIUM, args: ['--disable-gpu', '--disable-dev-shm-usage'] });
}

export class Person {
  /** What went wrong unseen. */
  faults = [];

  /** Who sits before a browser on `base`: `dark`, `narrow` (as wide as a small phone), `script: false`. */
  static async at(browser, base, { dark = false, narrow = false, script = true, width = 1100, height = 800 } = {}) {
    const person = new Person();
    person.base = base;
    person.context = await browser.newContext({
      baseURL: base,
      colorScheme: dark ? 'dark' : 'light',
      javaScriptEnabled: script,
      locale: 'en-GB',
      timezoneId: 'UTC',
      reducedMotion: 'reduce',
      viewport: narrow ? { width: 320, height: 640 } : { width, height },
    });
    person.context.setDefaultTimeout(PATIENCE);
    await person.context.route(
      (url) => url.origin !== base,
      (route) => {
        person.faults.push(`asked for ${route.request().url()}`);
        return route.abort();
      },
    );
    person.page = await person.context.newPage();
    person.#listen();
    return person;
  }

  #listen() {
    const { page, faults } = this;
    page.on('console', (message) => {
      // That a page is not there is said by its status, where a test expects one.
      const isStatus = message.text().startsWith('Failed to load resource: the server responded with a status');
      if (['error', 'warning'].includes(message.type()) && !isStatus) faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => faults.push(`script: ${error}`));
    page.on('dialog', (dialog) => {
      faults.push(`dialog: ${dialog.message()}`);
      return dialog.dismiss();
    });
    page.on('response', (answer) => {
      if (answer.status() >= 500) faults.push(`${answer.status()} from ${answer.url()}`);
    });
  }

  /** Opens a page, which answers with `status`. */
  async open(path, status = 200) {
    const answer = await this.page.goto(path);
    assert.equal(answer.status(), status, `${path} answers ${answer.status()}`);
    return answer;
  }

  /** Opens a page until something is on it: what is written down beside an answer, or measured, comes by and by. */
  async openUntil(path, locator) {
    await eventually(`${locator} on ${path}`, async () => {
      await this.open(path);
      return (await locator.count()) > 0;
    });
  }

  /** Waits until what is copied is like `pattern`. */
  async expectCopied(pattern) {
    await eventually(`${pattern} is copied`, async () => pattern.test(await this.page.evaluate(() => navigator.clipboard.readText())));
  }

  /** Signs ada in, and ends on the page that `path` is. */
  async signIn(path = '/') {
    await this.page.goto(path);
    await this.page.getByLabel('Name').fill(ADA.name);
    await this.page.getByLabel('Password').fill(ADA.password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Fails unless axe finds nothing on the page as it is now. */
  async expectAccessible() {
    await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate(
      (values) => globalThis.axe.run(document, { runOnly: { type: 'tag', values } }),
      RULES,
    );
    const told = violations.map(
      ({ id, help, nodes }) => `${id}: ${help}\n${nodes.map((node) => `  ${node.html}\n  ${node.failureSummary}`).join('\n')}`,
    );
    assert.deepEqual(told, [], `${this.page.url()}:\n${told.join('\n')}`);
  }

  /** Fails where a person would have to push the page sideways. */
  async expectNoSideways() {
    const [wide, room] = await this.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= room, `${this.page.url()} is ${wide} wide in ${room}`);
  }

  /** Fails where the page with all that it loads is too large; loads it once more to see. */
  async expectLight() {
    let bytes = 0;
    const count = async (answer) => (bytes += (await answer.body().catch(() => Buffer.of())).length);
    const counted = [];
    const listen = (answer) => counted.push(count(answer));
    this.page.on('response', listen);
    await this.page.reload();
    this.page.off('response', listen);
    await Promise.all(counted);
    assert.ok(bytes > 0 && bytes < MAX_PAGE_BYTES, `${this.page.url()} has ${bytes} bytes`);
  }

  /** Everything that Tab reaches, in order, each with its name; fails where one has no visible focus. */
  async tabbed(limit = 200) {
    const reached = [];
    for (let at = 0; at < limit; at += 1) {
      await this.page.keyboard.press('Tab');
      const now = await this.page.evaluate(() => {
        const element = document.activeElement;
        if (!element || element === document.body) return null;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
        const seen = (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
        return { name: (element.textContent || element.getAttribute('name') || '').trim().slice(0, 60), seen };
      });
      if (!now) break;
      assert.ok(now.seen, `the focus on ${now.name} cannot be seen on ${this.page.url()}`);
      reached.push(now.name);
    }
    return reached;
  }

  /** Leaves; fails where something went wrong unseen. */
  async leave() {
    await this.context.close();
    assert.deepEqual(this.faults, []);
  }
}
