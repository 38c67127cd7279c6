/**
 * Real WebKitGTK: MiniBrowser on a screen of its own (Xvfb), driven by WebKitWebDriver over WebDriver
 * (W3C REC-webdriver1). Only what a listener's test needs of the protocol; each answer that is not a
 * value is thrown. What is started is ended by `close`, which removes its folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { until } from './server.ts';

const DRIVER = '/usr/bin/WebKitWebDriver';
const SCREEN = '/usr/bin/Xvfb';
const BROWSER = globSync('/usr/lib/*/webkit2gtk-4.*/MiniBrowser').toSorted().at(-1);
/** Without its Opus parser GStreamer demultiplexes fragmented MP4 but WebKit says it knows no Opus. */
const OPUS_PARSER = globSync('/usr/lib/*/gstreamer-1.0/libgstopusparse.so').at(0);
/** The key under which an element's reference is kept (W3C REC-webdriver1 §11). */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
/** A browser that has not answered by then hangs, and will not. */
const CALL_MS = 40_000;

export const hasWebkit =
  existsSync(DRIVER) && existsSync(SCREEN) && BROWSER !== undefined && OPUS_PARSER !== undefined;

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export class Webkit {
  /** As the browser gives it. */
  version = '';
  readonly #folder: string;
  readonly #children: ChildProcess[] = [];
  #driver = '';
  #session = '';

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param environment added to the browser's own, such as a loudspeaker's */
  static async launch(environment: Readonly<Record<string, string>> = {}): Promise<Webkit> {
    const webkit = new Webkit(await mkdtemp(join(tmpdir(), 'webkit-')));
    try {
      await webkit.#start(environment);
    } catch (error) {
      await webkit.close();
      throw error;
    }
    return webkit;
  }

  async #start(environment: Readonly<Record<string, string>>): Promise<void> {
    const display = await this.#openScreen();
    const port = await freePort();
    const folder = this.#folder;
    const env = { ...process.env, LANG: 'C.UTF-8', HOME: folder, XDG_RUNTIME_DIR: folder };
    const own = { ...env, ...environment, DISPLAY: `:${display}`, GDK_BACKEND: 'x11' };
    this.#children.push(spawn(DRIVER, [`--port=${port}`], { env: own, stdio: 'ignore' }));
    this.#driver = `http://127.0.0.1:${port}`;
    await until(
      () => this.#call('GET', '/status').then(Boolean, () => false),
      'the WebDriver answers',
    );
    const options = { binary: BROWSER ?? '', args: ['--automation'] };
    const wanted = { browserName: 'MiniBrowser', 'webkitgtk:browserOptions': options };
    const { sessionId, capabilities } = await this.#call<{
      sessionId: string;
      capabilities: { browserVersion: string };
    }>('POST', '/session', { capabilities: { alwaysMatch: wanted } });
    this.#session = `/session/${sessionId}`;
    this.version = capabilities.browserVersion;
  }

  /** @returns the number of the display */
  async #openScreen(): Promise<string> {
    const options = ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'];
    const screen = spawn(SCREEN, options, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    this.#children.push(screen);
    let said = '';
    (screen.stdio[3] as Readable).on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    await until(() => said.includes('\n'), 'the screen is there');
    return said.trim();
  }

  async goto(url: string): Promise<void> {
    await this.#call('POST', `${this.#session}/url`, { url });
  }

  /** Runs the body of a function in the page. */
  run<T>(script: string, ...args: Json[]): Promise<T> {
    return this.#call('POST', `${this.#session}/execute/sync`, { script, args });
  }

  /** Waits for the element, and clicks in its middle as a person would. */
  async click(xpath: string): Promise<void> {
    let id = '';
    await until(async () => {
      const query = { using: 'xpath', value: xpath };
      const [found] = await this.#call<Record<string, string>[]>(
        'POST',
        `${this.#session}/elements`,
        query,
      );
      id = found?.[ELEMENT] ?? '';
      return id !== '';
    }, `the page has ${xpath}`);
    await this.#call('POST', `${this.#session}/element/${id}/click`, {});
  }

  /** Presses and releases one key (its code point in W3C REC-webdriver1 §17.4.2). */
  async press(key: string): Promise<void> {
    const actions = [
      { type: 'keyDown', value: key },
      { type: 'keyUp', value: key },
    ];
    const keyboard = { type: 'key', id: 'keyboard', actions };
    await this.#call('POST', `${this.#session}/actions`, { actions: [keyboard] });
  }

  async close(): Promise<void> {
    if (this.#session !== '') await this.#call('DELETE', this.#session).catch(() => null);
    for (const child of this.#children.toReversed()) await ended(child);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #call<T>(method: string, path: string, body?: Json): Promise<T> {
    const answer = await fetch(`${this.#driver}${path}`, {
      method,
      signal: AbortSignal.timeout(CALL_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new Error(`${method} ${path}: no answer`, { cause });
    });
    const { value } = (await answer.json()) as { value: unknown };
    if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`);
    return value as T;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}
