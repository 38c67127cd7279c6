/**
 * A listener that remembers: follows the live lane across every break, and holds of each sequence a
 * digest of its sound, so that a sequence seen with two contents, or not at all, shows.
 */
import { createHash } from 'node:crypto';
import { FragmentReader } from '@parterre/media/fmp4';
import { OggReader } from '@parterre/media/ogg';
import type { Snapshot } from '@parterre/protocol';

export class Tap {
  /** Digest of the ten packets, by sequence. */
  readonly chunks = new Map<number, string>();
  /** Sequences that came a second time with other sound. */
  readonly contradictions: number[] = [];
  /** Times the stream jumped forward. */
  readonly jumps: { from: number; to: number }[] = [];
  readonly faults: string[] = [];
  connections = 0;
  snapshot: Snapshot | null = null;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #nextSeq: number | null = null;

  constructor(url: () => string) {
    this.#done = this.#follow(url);
  }

  get lastSeq(): number {
    return (this.#nextSeq ?? 0) - 1;
  }

  /** Ends the listening; what was heard stays. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #follow(url: () => string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const from = this.#nextSeq === null ? '' : `?from=${this.#nextSeq}`;
        const answer = await fetch(`${url()}${from}`, { signal: this.#stop.signal });
        if (answer.ok && answer.body !== null) {
          this.connections += 1;
          await this.#read(answer.body);
        } else await answer.body?.cancel();
      } catch {
        // A break: the next connection goes on where this one ended.
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = new FragmentReader();
    for await (const bytes of body) {
      for (const part of reader.push(bytes)) {
        if (part.kind === 'error') this.faults.push(part.error.message);
        if (part.kind !== 'fragment') continue;
        if (part.snapshot !== null)
          this.snapshot = JSON.parse(Buffer.from(part.snapshot).toString()) as Snapshot;
        this.#note(part.seq, digestOf(part.frames()));
      }
    }
  }

  #note(seq: number, digest: string): void {
    const before = this.chunks.get(seq);
    if (before !== undefined && before !== digest) this.contradictions.push(seq);
    if (this.#nextSeq !== null && seq > this.#nextSeq)
      this.jumps.push({ from: this.#nextSeq, to: seq });
    this.chunks.set(seq, digest);
    this.#nextSeq = Math.max(this.#nextSeq ?? 0, seq + 1);
  }
}

export function digestOf(frames: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const frame of frames) hash.update(frame);
  return hash.digest('base64');
}

/** Digests of a recording's chunks, in order, from its Ogg file. */
export function digestsOfRecording(file: Uint8Array): string[] {
  const packets = new OggReader().push(file).flatMap((part) => {
    if (part.kind === 'error') throw part.error;
    return part.kind === 'page' ? part.packets : [];
  });
  const digests: string[] = [];
  for (let at = 0; at + 10 <= packets.length; at += 10)
    digests.push(digestOf(packets.slice(at, at + 10)));
  return digests;
}
