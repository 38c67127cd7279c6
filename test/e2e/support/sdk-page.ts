/** A page of somebody else's that listens with the client SDK, as a bundler makes it, from an origin of its own. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build, type Rolldown } from 'vite';

const SDK = join(import.meta.dirname, '../../../packages/client/src/index.ts');

/** What happened to the listener, as it can be asked for by `ask()`. */
export interface SdkHeard {
  readonly phase: string;
  /** The element's clock, s. */
  readonly at: number;
  readonly events: readonly { readonly type: string }[];
  readonly profile: string;
  readonly stats: {
    readonly gaps: number;
    readonly stalls: number;
    readonly skipped: number;
    readonly bufferedMs: number;
    /** Capture to ear; null until the server's clock is known. */
    readonly latencyMs: number | null;
  };
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>SDK</title><button>Listen</button>
<script type="module">
import { listen } from '/entry.js';
const { base, space } = Object.fromEntries(new URLSearchParams(location.search));
const events = [];
document.querySelector('button').onclick = () => {
  const listening = listen({ base, space, share: false, onEvent: (event) => events.push(event) });
  void listening.play();
  window.ask = () => ({ phase: listening.state.phase, at: listening.element.currentTime, events,
    profile: listening.snapshot?.profile ?? '', stats: listening.stats });
};
</script>`;

export class SdkPage {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<SdkPage> {
    const [outcome] = (await build({
      configFile: false,
      logLevel: 'error',
      build: {
        write: false,
        target: 'es2022',
        modulePreload: false,
        lib: { entry: SDK, formats: ['es'], fileName: () => 'entry.js' },
      },
    })) as Rolldown.RolldownOutput[];
    const chunks = outcome!.output.filter((file) => file.type === 'chunk');
    const files = new Map(chunks.map(({ fileName, code }) => [`/${fileName}`, code]));
    const server = createServer(({ url = '/' }, response) => {
      const code = files.get(url);
      const type = code === undefined ? 'text/html; charset=utf-8' : 'text/javascript';
      response.writeHead(200, { 'content-type': type }).end(code ?? PAGE);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new SdkPage(server);
  }

  /** The page that listens to this space of a house once its button is pressed. */
  listening(base: string, space: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://localhost:${port}/?${new URLSearchParams({ base, space })}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
