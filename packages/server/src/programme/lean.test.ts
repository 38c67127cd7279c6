import { LEAN_RENDITIONS } from '@parterre/protocol';
import { SimProcess, ToyMixer, World } from '@parterre/sim';
import { describe, expect, it } from 'vitest';
import { MemoryClips, MemoryLog, MemoryPlans, MemoryRecordings } from '../adapters/memory/index.ts';
import { silentLog } from '../adapters/system/index.ts';
import type { FeedPosition, FeedReader } from '../ports/programme-feed.ts';
import { endSeqOf, holeBefore, type ProgrammeRecord } from '../ports/programme-log.ts';
import { noMeter, Programme } from './index.ts';

const MINUTE_MS = 60_000;

/** Encodes every frame a second time, to a byte more. */
class TwoMixer extends ToyMixer {
  override tick(nowMs: number) {
    const frame = super.tick(nowMs);
    return { ...frame, leanPacket: Uint8Array.of(...frame.packet, 24) };
  }
}

/** A lane that holds what it heard of each rendition, over every crash of the programme. */
class Lane implements FeedReader {
  readonly heard = new Map<string, ProgrammeRecord[]>();

  space(): void {}
  removed(): void {}
  record(_spaceId: string, rendition: string, record: ProgrammeRecord): void {
    const records = this.heard.get(rendition) ?? [];
    const last = records.at(-1);
    const nextSeq = last === undefined ? record.seq : endSeqOf(last);
    expect(record.seq).toBeGreaterThanOrEqual(nextSeq);
    // As every client of the feed does: of what was before the crash nothing is kept.
    if (record.seq > nextSeq) records.push(holeBefore(record, nextSeq));
    records.push(record);
    this.heard.set(rendition, records);
  }

  positions(): FeedPosition[] {
    return [...this.heard].map(([rendition, records]) => {
      return { spaceId: 'evening', rendition, nextSeq: endSeqOf(records.at(-1)!) };
    });
  }
}

describe('the lean rendition', () => {
  const world = new World(() => new Promise((resolve) => setImmediate(resolve)));
  const memory = new MemoryLog();
  const plans = new MemoryPlans();
  let process = new SimProcess(world);
  let incarnation = 0;

  const open = (): Promise<Programme> => {
    process = new SimProcess(world);
    incarnation++;
    return Programme.open({
      clock: world.clock,
      timers: process.timers,
      log: silentLog,
      meter: noMeter,
      programmeLog: process.log(memory),
      plans,
      recordings: new MemoryRecordings(),
      clips: new MemoryClips(),
      createMixer: async ({ lean }) =>
        lean == null ? new ToyMixer(incarnation) : new TwoMixer(incarnation),
      bootId: 'boot',
      spacesMax: 2,
      lean: true,
      idleEndMs: 10 * MINUTE_MS,
      retentionMs: 0,
    });
  };

  it('[P3] is the same clock, a hole where the programme was away, and never a second content', async () => {
    const programme = await open();
    const control = programme.openControl();
    await control.plan({
      id: 'evening',
      title: 'An evening',
      host: '',
      doorsAtMs: world.clock.wallMs(),
      startsAtMs: null,
      profile: 'steady',
      rendition: 'voice',
      holdingSound: true,
    });
    const lane = new Lane();
    const late = new Lane();
    programme.attach(lane, 600, []);
    await world.run(3_000);
    process.kill();
    await world.run(1_500);
    const again = await open();
    again.attach(lane, 600, lane.positions());
    again.attach(late, 600, []);
    await world.run(3_000);
    const [own, lean] = ['voice', LEAN_RENDITIONS.voice!.id].map((id) => lane.heard.get(id)!);
    const kinds = (records: readonly ProgrammeRecord[]): string[] => [
      ...new Set(records.map(({ kind }) => kind)),
    ];
    expect(kinds(lean!)).toEqual(['chunk', 'hole']);
    expect(endSeqOf(lean!.at(-1)!)).toBe(endSeqOf(own!.at(-1)!));
    for (const record of lean!) {
      if (record.kind === 'hole') continue;
      const beside = own!.find(({ kind, seq }) => kind === 'chunk' && seq === record.seq);
      if (beside?.kind !== 'chunk') throw new Error(`${record.seq} is not in the other`);
      expect(record.frames.map((frame) => [...frame])).toEqual(
        beside.frames.map((frame) => [...frame, 24]),
      );
      expect(record.snapshot).toEqual(beside.snapshot);
    }
    // Who came only after the crash has nothing of before, and the same of after.
    const after = late.heard.get('voice24')!;
    expect(after[0]!.seq).toBeGreaterThan(15);
    for (const record of after) expect(lean).toContainEqual(record);
  });

  it('is not made for a space that has none', async () => {
    const control = (await open()).openControl();
    const lane = new Lane();
    await control.plan({
      id: 'concert',
      title: 'A concert',
      host: '',
      doorsAtMs: world.clock.wallMs(),
      startsAtMs: null,
      profile: 'steady',
      rendition: 'music',
      holdingSound: true,
    });
    await world.run(1_000);
    expect(lane.heard.has('voice24')).toBe(false);
  });
});
