/** A page of somebody else's that plays the hls lane with hls.js, served from an origin of its own. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const LIBRARY = join(dirname(require.resolve('hls.js')), 'hls.min.js');

/** What happened in the page, as it can be asked for. */
export interface HlsHeard {
  /** Seconds played, as the element's clock tells. */
  readonly at: number;
  readonly paused: boolean;
  /** hls.js's errors, fatal or not, by their details. */
  readonly errors: readonly string[];
  /** Where the element had to jump or wait once it played, s. */
  readonly jumps: readonly number[];
  readonly waits: readonly number[];
  /** Stretches buffered. */
  readonly ranges: number;
  readonly codec: string;
  /** Behind the live edge, s; NaN until it is known. */
  readonly latencyS: number;
  readonly parts: number;
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>hls.js</title>
<script src="/hls.js"></script>
<button>Listen</button><audio></audio>
<script>
const media = document.querySelector('audio');
const heard = { errors: [], jumps: [], waits: [], codec: '', parts: 0, latencies: [] };
let played = false;
media.addEventListener('playing', () => { played = true; });
media.addEventListener('seeking', () => { if (played) heard.jumps.push(media.currentTime); });
media.addEventListener('waiting', () => { if (played) heard.waits.push(media.currentTime); });
document.querySelector('button').onclick = () => {
  const hls = new Hls({ lowLatencyMode: true });
  hls.on(Hls.Events.ERROR, (_, { details, fatal, error }) =>
    heard.errors.push(details + (fatal ? ' (fatal) ' : ' ') + (error?.message ?? '')));
  hls.on(Hls.Events.BUFFER_CODECS, (_, { audio }) => { heard.codec = audio?.codec ?? ''; });
  hls.on(Hls.Events.FRAG_LOADED, (_, { part }) => { if (part) heard.parts += 1; });
  hls.loadSource(new URLSearchParams(location.search).get('list'));
  hls.attachMedia(media);
  media.play();
  window.ask = () => ({ ...heard, at: media.currentTime, paused: media.paused,
    ranges: media.buffered.length, latencyS: hls.latency });
};
</script>`;

export class HlsPage {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://localhost:${(server.address() as AddressInfo).port}/`;
  }

  static open(): Promise<HlsPage> {
    const library = readFileSync(LIBRARY);
    const server = createServer(({ url }, response) => {
      const isLibrary = url === '/hls.js';
      const type = isLibrary ? 'text/javascript' : 'text/html; charset=utf-8';
      response.writeHead(200, { 'content-type': type }).end(isLibrary ? library : PAGE);
    });
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(new HlsPage(server)));
    });
  }

  /** The page that plays this playlist once its button is pressed. */
  playing(list: string): string {
    return `${this.url}?list=${encodeURIComponent(list)}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
