/**
 * What a browser fetches before it can listen: the page, the files the page names, the space's
 * description. Over a few connections that are kept, each answer read to its end.
 */
import { Agent, get, type RequestOptions } from 'node:http';
import { get as getSecure, Agent as SecureAgent } from 'node:https';
import type { Target } from './messages.ts';

/** Connections of one process for visits. */
const CONNECTIONS_MAX = 64;
const ANSWER_MS_MAX = 10_000;
const PAGE_BYTES_MAX = 1_048_576;
const ASSETS_MAX = 16;
const ASSET = /(?:src|href)="(\/assets\/[\w./-]{1,200})"/g;

export class Visits {
  readonly #agent: Agent;
  readonly #get: typeof get;
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
    const options = { keepAlive: true, maxSockets: CONNECTIONS_MAX };
    this.#agent = target.tls ? new SecureAgent(options) : new Agent(options);
    this.#get = target.tls ? (getSecure as typeof get) : get;
  }

  /** @returns what could not be fetched, or null */
  async visit(): Promise<string | null> {
    const { space } = this.#target;
    const page = await this.#fetch(`/${space}`);
    if (page === null) return 'the page did not come';
    const assets = [...page.matchAll(ASSET)].map(([, path]) => path!).slice(0, ASSETS_MAX);
    const rest = [...new Set(assets), `/spaces/${space}.json`];
    const answers = await Promise.all(rest.map((path) => this.#fetch(path)));
    const missing = answers.indexOf(null);
    return missing === -1 ? null : `${rest[missing]} did not come`;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The body, or null for any failure. */
  #fetch(path: string): Promise<string | null> {
    const { host, port } = this.#target;
    const options: RequestOptions = {
      host,
      port,
      path,
      agent: this.#agent,
      timeout: ANSWER_MS_MAX,
    };
    return new Promise((resolve) => {
      const request = this.#get(options, (response) => {
        let body = '';
        response.setEncoding('latin1');
        response.on('data', (text: string) => {
          if (body.length < PAGE_BYTES_MAX) body += text;
        });
        response.on('end', () => resolve(response.statusCode === 200 ? body : null));
        response.on('error', () => resolve(null));
      });
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(null));
    });
  }
}
