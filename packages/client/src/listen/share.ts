/**
 * One connection for all tabs of a browser on the same space. The tab that holds a Web Lock leads: it
 * has the connection and hands each chunk to the others over a BroadcastChannel. The lock goes to the
 * next tab the moment the leader closes, crashes or pauses, and that tab connects from the next sequence
 * it is missing, inside its own buffer. A tab that hears nothing from its leader for longer than the
 * leader's own stall bound connects by itself and does not wait to be elected. Where the browser has no
 * locks or channels, each tab simply has its own connection.
 */
import { CHUNK_MS, PROFILES, type ProfileId, type Snapshot } from '@parterre/protocol';
import { stallMs } from './backoff.ts';
import type { Fragment } from './reader.ts';
import {
  type LossReason,
  OwnSource,
  type Source,
  type SourceObserver,
  type SourceOptions,
  type SourceReport,
} from './source.ts';

/** What a tab says to the others. Followers say `hello` only. */
type Word =
  | { readonly t: 'hello'; readonly id: string; readonly fromSeq: number | null }
  | {
      readonly t: 'init';
      readonly to: string | null;
      readonly bytes: Uint8Array<ArrayBuffer>;
      readonly channels: 1 | 2;
    }
  | {
      readonly t: 'chunk';
      readonly to: string | null;
      readonly seq: number;
      readonly capturedAtMs: number;
      readonly snapshot: Snapshot | null;
      readonly media: Uint8Array<ArrayBuffer>;
      /** Sizes of the Opus packets, which are the end of `media`. */
      readonly sizes: readonly number[];
    }
  | { readonly t: 'rewound' }
  | { readonly t: 'report'; readonly report: SourceReport };

/** The part of BroadcastChannel that is used. */
export interface Channel {
  postMessage(word: unknown): void;
  onmessage: ((event: MessageEvent) => void) | null;
  close(): void;
}

/** The part of the Web Locks API that is used. */
export interface Locks {
  request(
    name: string,
    options: { signal: AbortSignal },
    hold: () => Promise<void>,
  ): Promise<unknown>;
}

export interface ShareOptions extends SourceOptions {
  readonly locks: Locks;
  readonly openChannel: (name: string) => Channel;
  /** Told when this tab begins or ceases to have the connection. */
  readonly led: (leads: boolean) => void;
}

/** A newcomer waits this long for a leader's answer before it connects by itself, ms. */
const HELLO_MS = 400;
/** Beyond the leader's own stall bound, ms. */
const LEADER_GRACE_MS = 250;
/** Chunks a leader keeps for tabs that join: the deepest buffer and some. */
const KEEP_CHUNKS = 60;

export class SharedSource implements Source {
  readonly #options: ShareOptions;
  readonly #observer: SourceObserver;
  readonly #own: OwnSource;
  readonly #id: string;
  readonly #name: string;
  #channel: Channel | null = null;
  #election: AbortController | null = null;
  #release: (() => void) | null = null;
  /** `lead`: holds the lock; `solo`: connected without it; `follow`: fed by the leader. */
  #part: 'off' | 'follow' | 'solo' | 'lead' = 'off';
  #next: number | null = null;
  #profile: ProfileId;
  #init: { readonly bytes: Uint8Array<ArrayBuffer>; readonly channels: 1 | 2 } | null = null;
  #kept: Fragment[] = [];
  #heardAtMs = 0;
  #cancelWatch: (() => void) | null = null;

  constructor(options: ShareOptions, observer: SourceObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#profile = options.profile ?? 'steady';
    this.#id = options.system.random().toString(36).slice(2);
    this.#name = `parterre live ${options.bases[0]} ${options.space} ${options.profile ?? ''}`;
    this.#own = new OwnSource(options, {
      init: (bytes, channels) => this.#gotInit(bytes, channels),
      fragment: (fragment) => this.#gotFragment(fragment),
      rewound: () => {
        this.#kept = [];
        this.#say({ t: 'rewound' });
        observer.rewound();
      },
      report: (report) => {
        if (report.kind !== 'bytes') this.#say({ t: 'report', report });
        observer.report(report);
      },
    });
  }

  start(fromSeq: number | null): void {
    this.stop();
    this.#part = 'follow';
    this.#next = fromSeq;
    this.#channel = this.#options.openChannel(this.#name);
    this.#channel.onmessage = (event) => this.#hear(event.data as Word);
    this.#observer.report({ kind: 'connecting', failures: 0 });
    this.#greet();
    this.#stand();
  }

  restart(fromSeq: number | null, reason: LossReason): void {
    if (this.#part === 'off') {
      this.start(fromSeq);
      return;
    }
    this.#next = fromSeq;
    if (this.#part === 'follow') this.#greet();
    else this.#own.restart(fromSeq, reason);
  }

  check(): void {
    if (this.#part === 'follow') this.#greet();
    else if (this.#part !== 'off') this.#own.check();
  }

  stop(): void {
    this.#part = 'off';
    this.#own.stop();
    this.#cancelWatch?.();
    this.#cancelWatch = null;
    if (this.#channel !== null) {
      this.#channel.onmessage = null;
      this.#channel.close();
      this.#channel = null;
    }
    this.#election?.abort();
    this.#election = null;
    this.#release?.();
    this.#release = null;
    this.#kept = [];
  }

  /** Stands for election; the promise that is held is the time in office. */
  #stand(): void {
    const election = new AbortController();
    this.#election = election;
    const hold = () =>
      new Promise<void>((release) => {
        if (election.signal.aborted) return release();
        this.#release = release;
        this.#lead();
      });
    this.#options.locks.request(this.#name, { signal: election.signal }, hold).catch(() => {
      if (!election.signal.aborted) this.#goSolo();
    });
  }

  #lead(): void {
    const connected = this.#part === 'solo';
    this.#cancelWatch?.();
    this.#part = 'lead';
    this.#options.led(true);
    if (!connected) this.#own.start(this.#next);
  }

  #goSolo(): void {
    if (this.#part !== 'follow') return;
    this.#part = 'solo';
    this.#options.led(true);
    this.#own.start(this.#next);
  }

  /** Asks the leader for what is missing and expects an answer soon. */
  #greet(): void {
    this.#heardAtMs = this.#options.system.monotonicMs();
    this.#say({ t: 'hello', id: this.#id, fromSeq: this.#next });
    this.#watch(HELLO_MS);
  }

  #watch(boundMs: number): void {
    this.#cancelWatch?.();
    const { system } = this.#options;
    const leftMs = boundMs - (system.monotonicMs() - this.#heardAtMs);
    this.#cancelWatch = system.after(Math.max(10, leftMs), () => {
      if (this.#part !== 'follow') return;
      if (system.monotonicMs() - this.#heardAtMs >= boundMs) this.#goSolo();
      else this.#watch(stallMs(this.#profile) + LEADER_GRACE_MS);
    });
  }

  #hear(word: Word): void {
    if (word.t === 'hello') {
      if (this.#part === 'lead') this.#answer(word.id, word.fromSeq);
      return;
    }
    if (this.#part !== 'follow') return;
    if ('to' in word && word.to !== null && word.to !== this.#id) return;
    if (this.#heardAtMs === 0 || word.t !== 'init') this.#options.led(false);
    this.#heardAtMs = this.#options.system.monotonicMs();
    if (word.t === 'init') this.#gotInit(word.bytes, word.channels);
    else if (word.t === 'rewound') this.#rewind();
    else if (word.t === 'report') this.#observer.report(word.report);
    else this.#gotFragment({ ...word, frames: () => packetsOf(word.media, word.sizes) });
  }

  #rewind(): void {
    this.#next = null;
    this.#kept = [];
    this.#observer.rewound();
  }

  #answer(to: string, fromSeq: number | null): void {
    if (this.#init === null) return;
    this.#say({ t: 'init', to, ...this.#init });
    const buffered = PROFILES[this.#profile].bufferMs / CHUNK_MS;
    const from = fromSeq ?? (this.#next ?? 0) - buffered;
    for (const fragment of this.#kept) if (fragment.seq >= from) this.#say(chunkWord(to, fragment));
  }

  #gotInit(bytes: Uint8Array<ArrayBuffer>, channels: 1 | 2): void {
    this.#init = { bytes, channels };
    this.#say({ t: 'init', to: null, bytes, channels });
    this.#observer.init(bytes, channels);
  }

  #gotFragment(fragment: Fragment): void {
    if (this.#next !== null && fragment.seq < this.#next) return;
    this.#next = fragment.seq + 1;
    const { snapshot } = fragment;
    if (snapshot !== null) this.#profile = snapshot.profile;
    this.#kept.push(fragment);
    if (this.#kept.length > KEEP_CHUNKS) this.#kept.shift();
    if (this.#part === 'lead') this.#say(chunkWord(null, fragment));
    this.#observer.fragment(fragment);
  }

  /** Everything but a greeting is said by the leader alone. */
  #say(word: Word): void {
    if (word.t === 'hello' ? this.#part === 'follow' : this.#part === 'lead') {
      this.#channel?.postMessage(word);
    }
  }
}

function chunkWord(to: string | null, fragment: Fragment): Word {
  const { seq, capturedAtMs, snapshot, media } = fragment;
  const sizes = fragment.frames().map((packet) => packet.byteLength);
  return { t: 'chunk', to, seq, capturedAtMs, snapshot, media, sizes };
}

function packetsOf(media: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  let at = media.byteLength - sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size) => {
    at += size;
    return media.subarray(at - size, at);
  });
}

/** A shared source where the browser has locks and channels, an own one elsewhere or when not wanted. */
export function openSource(
  options: SourceOptions & { readonly share: boolean; readonly led: (leads: boolean) => void },
  observer: SourceObserver,
): Source {
  const locks = globalThis.navigator?.locks as Locks | undefined;
  if (!options.share || locks === undefined || typeof BroadcastChannel !== 'function') {
    options.led(true);
    return new OwnSource(options, observer);
  }
  const openChannel = (name: string): Channel => new BroadcastChannel(name);
  return new SharedSource({ ...options, locks, openChannel }, observer);
}
