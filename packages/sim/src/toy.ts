/**
 * Stand-ins for the two ends of the programme. The toy mixer's packets say which process made them and
 * which of its frames they are, so that no two are alike; the toy reader is a lane that checks what it is
 * given and comes back by itself.
 */
import type { FeedReader, FeedSource } from '../../server/src/ports/programme-feed.ts';
import { endSeqOf, type ProgrammeRecord } from '../../server/src/ports/programme-log.ts';
import type { ProgrammeMixer } from '../../server/src/programme/index.ts';
import type { Link } from './network.ts';
import type { World } from './world.ts';

export class ToyMixer implements ProgrammeMixer {
  private readonly incarnation: number;
  private frames = 0;
  private readonly onAir = new Map<string, number>();
  private nowMs = 0;
  holdingSound = true;

  constructor(incarnation: number) {
    this.incarnation = incarnation;
  }

  setVoice(id: string, { onAir }: { onAir: boolean }): boolean {
    if (onAir) this.onAir.set(id, this.onAir.get(id) ?? Number.NEGATIVE_INFINITY);
    else this.onAir.delete(id);
    return true;
  }

  removeVoice(id: string): void {
    this.onAir.delete(id);
  }

  push(id: string, ...[, , , , nowMs]: [number, number, number, Uint8Array, number]): void {
    if (this.onAir.has(id)) this.onAir.set(id, nowMs);
  }

  tick(nowMs: number) {
    this.nowMs = nowMs;
    const packet = new Uint8Array(12);
    const view = new DataView(packet.buffer);
    view.setUint32(0, 0x78000000);
    view.setUint32(4, this.incarnation);
    view.setUint32(8, this.frames++);
    return {
      packet,
      peak: this.frames & 0xff,
      holding: ![...this.onAir.keys()].some((id) => this.heard(id)),
    };
  }

  playClip(): void {}

  levels() {
    const voices = new Map(
      [...this.onAir.keys()].map((id) => [id, { level: 0.5, speaking: this.heard(id) }] as const),
    );
    return { voices, programme: 0.5 };
  }

  close(): void {}

  private heard(id: string): boolean {
    return this.nowMs - this.onAir.get(id)! < 2_000;
  }
}

/** What a rule of the house was broken by. */
export class Broken extends Error {}

/** The one content each sequence may have, whoever sees it. */
export class Contents {
  private readonly seen = new Map<string, string>();

  check(spaceId: string, record: ProgrammeRecord): void {
    if (record.kind === 'hole') return;
    const key = `${spaceId} ${record.seq}`;
    const content = Buffer.concat([...record.frames, record.snapshot]).toString('base64');
    const before = this.seen.get(key);
    if (before === undefined) this.seen.set(key, content);
    else if (before !== content) throw new Broken(`${key} has two contents`);
  }
}

export class ToyReader implements FeedReader {
  private readonly world: World;
  private readonly name: string;
  private readonly link: Link;
  private readonly contents: Contents;
  private readonly source: () => FeedSource | null;
  private readonly next = new Map<string, number>();
  private line: { close(): void } | null = null;
  private lineOf: FeedSource | null = null;
  records = 0;
  missed = 0;

  constructor(
    name: string,
    world: World,
    link: Link,
    contents: Contents,
    source: () => FeedSource | null,
  ) {
    this.name = name;
    this.world = world;
    this.link = link;
    this.contents = contents;
    this.source = source;
    this.connect();
  }

  /** What the reader has of a space: the sequence after it. */
  nextSeq(spaceId: string): number | undefined {
    return this.next.get(spaceId);
  }

  /** The connection breaks; the reader comes back. */
  cut(): void {
    this.link.cut();
    this.line?.close();
    this.line = null;
    this.lineOf = null;
  }

  space(): void {}

  removed(spaceId: string): void {
    this.next.delete(spaceId);
  }

  record(spaceId: string, _rendition: string, record: ProgrammeRecord): void {
    const next = this.next.get(spaceId);
    if (next !== undefined && record.seq !== next) {
      throw new Broken(`${this.name} has ${spaceId} up to ${next} and was given ${record.seq}`);
    }
    this.contents.check(spaceId, record);
    this.next.set(spaceId, endSeqOf(record));
    this.records++;
    if (record.kind === 'hole') this.missed += record.endSeq - record.seq;
    this.world.note(`${this.name} ${record.kind} ${record.seq} of ${spaceId}`);
  }

  /** Looks after the connection, for ever. */
  private connect(): void {
    const source = this.source();
    if (source !== this.lineOf) this.cut();
    if (this.line === null && source !== null && this.link.up) this.attach(source);
    this.world.timers.after(20, () => this.connect());
  }

  private attach(source: FeedSource): void {
    const positions = [...this.next].map(([spaceId, nextSeq]) => ({
      spaceId,
      rendition: 'voice',
      nextSeq,
    }));
    const over = (deliver: () => void): void => this.link.stream(deliver);
    const distant: FeedReader = {
      space: () => {},
      removed: (spaceId) => over(() => this.removed(spaceId)),
      record: (spaceId, rendition, record) => over(() => this.record(spaceId, rendition, record)),
    };
    this.lineOf = source;
    this.line = source.attach(distant, 10, positions);
  }
}
