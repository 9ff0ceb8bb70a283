// A data folder of its own with notes in it, and the real binary over it: indexed, and served on a free port. It knows
// how to run ibid and nothing of what its pages should show.

import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import path from 'node:path';
import readline from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const { IBID, IBID_WORK, IBID_VAULT } = process.env;

/** How long anything may take on a busy machine, in milliseconds. */
export const PATIENCE = 60_000;

/** The name and the password of the one person who may sign in. */
export const ADA = { name: 'ada', password: 'correct horse battery staple' };

export class World {
  #servers = [];

  constructor(folder) {
    this.folder = folder;
  }

  /** The demonstration vault, indexed already; its collection is called `demo`. */
  static async demonstration() {
    const folder = await mkdtemp(path.join(IBID_WORK, 'world-'));
    await cp(path.join(IBID_WORK, 'demo'), path.join(folder, 'data'), { recursive: true });
    return new World(folder);
  }

  /** Notes by their paths, indexed as the collection `notes`. */
  static async of(notes) {
    const folder = await mkdtemp(path.join(IBID_WORK, 'world-'));
    const world = new World(folder);
    for (const [name, text] of Object.entries(notes)) await world.write(name, text);
    await world.run(['index', path.join(folder, 'notes'), '--name', 'notes', '--quiet']);
    return world;
  }

  /** Writes a note as if a minute ago. */
  async write(name, text) {
    const file = path.join(this.folder, 'notes', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
    const past = new Date(Date.now() - 60_000);
    await utimes(file, past, past);
  }

  /** Writes the settings file. */
  async writeSettings(text) {
    await writeFile(path.join(this.folder, 'config.toml'), text);
  }

  /** Writes entries into the audit log, the oldest first. */
  async writeLog(entries) {
    const folder = path.join(this.folder, 'data', 'audit');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'audit.jsonl'), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  }

  /** Puts the judged questions of the demonstration vault beside the settings file. */
  async copyQuestions() {
    await cp(path.join(IBID_VAULT, '..', 'questions.jsonl'), path.join(this.folder, 'questions.jsonl'));
  }

  #spawn(args, stdin) {
    const env = {
      PATH: process.env.PATH,
      IBID_DATA_DIR: path.join(this.folder, 'data'),
      IBID_CONFIG: path.join(this.folder, 'config.toml'),
    };
    return spawn(IBID, args, { env, stdio: [stdin, 'pipe', 'pipe'] });
  }

  /** Runs a command to its end and gives what it printed; fails where it does. */
  async run(args, input) {
    const child = this.#spawn(args, input === undefined ? 'ignore' : 'pipe');
    child.stdin?.end(input);
    const [out, said] = ['', ''].map((text) => ({ text }));
    child.stdout.on('data', (bytes) => (out.text += bytes));
    child.stderr.on('data', (bytes) => (said.text += bytes));
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`ibid ${args.join(' ')} ended with ${code}: ${said.text}`);
    return out.text;
  }

  /** Lets ada sign in. */
  async addAda() {
    await this.run(['user', 'add', ADA.name], `${ADA.password}\n`);
  }

  /** Starts a server and gives its address, without a path. */
  async serve(...flags) {
    const at = flags.includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
    const child = this.#spawn(['serve', '--no-watch', ...at, ...flags], 'ignore');
    this.#servers.push(child);
    // A test that fails before the world's end leaves nothing running.
    process.once('exit', () => child.kill('SIGKILL'));
    let log = '';
    child.stderr.on('data', (bytes) => (log += bytes));
    for await (const line of readline.createInterface({ input: child.stdout })) {
      const address = line.match(/http:\/\/[^/]+(?=\/mcp)/);
      if (!address) continue;
      // Read on, or the server cannot write any more.
      child.stdout.resume();
      await World.#ready(address[0]);
      return address[0];
    }
    if (child.exitCode === null) await once(child, 'close');
    throw new Error(`the server did not say where it listens: ${log}`);
  }

  static async #ready(base) {
    await eventually(`${base} is ready`, async () => {
      const ready = await fetch(`${base}/readyz`).then((answer) => answer.json(), () => ({}));
      return ready.ready;
    });
  }

  /** Ends the servers and removes everything. */
  async end() {
    for (const child of this.#servers) {
      if (child.exitCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'close');
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Looks until something holds. */
export async function eventually(what, holds) {
  for (const until = Date.now() + PATIENCE; Date.now() < until; await pause(50)) if (await holds()) return;
  throw new Error(`it does not come to this: ${what}`);
}

/** Asks a server as an MCP client does, and gives the result. */
export async function call(base, name, args, token) {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  if (token) headers.authorization = `Bearer ${token}`;
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } });
  const answer = await fetch(`${base}/mcp`, { method: 'POST', headers, body });
  return (await answer.json()).result;
}

/** The path of the page of the best hit, without its fragment. */
export async function hit(base, query, token) {
  const found = await call(base, 'search', { query }, token);
  return new URL(found.structuredContent.results[0].url).pathname;
}
