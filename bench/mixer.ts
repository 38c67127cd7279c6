/**
 * What a mixer costs: `mixer.tick1.core_share` and `mixer.tick16.core_share`, the share of one core that
 * 50 ticks a second take with 1 and with 16 speakers talking at once: their packets taken in, decoded,
 * levelled, mixed, limited, encoded; `_lean` the same with the lean rendition encoded beside it. CPU time of
 * the whole process over 10 s of programme; the runs of all are interleaved. The hash is over every packet put out and must not change between runs.
 */
import { createHash } from 'node:crypto';
import { createOpusEncoder, Mixer } from '@parterre/media';
import { FRAME_MS, FRAME_SAMPLES, LEAN_RENDITIONS, RENDITIONS } from '@parterre/protocol';
import { speech } from '../packages/media/test/speech.ts';
import { type Figure, type FigureOptions, median } from './figure.ts';

const PROGRAMME_S = 10;
const TICKS = (PROGRAMME_S * 1000) / FRAME_MS;
/** Mixed before the clock runs, so that what is measured is compiled and levelled. */
const WARM_UP_TICKS = 100;
const CASES = [
  { name: 'tick1', speakers: 1, lean: false },
  { name: 'tick16', speakers: 16, lean: false },
  { name: 'tick1_lean', speakers: 1, lean: true },
  { name: 'tick16_lean', speakers: 16, lean: true },
] as const;

interface Run {
  readonly share: number;
  readonly hash: string;
}

/** One speaker's packets as a browser sends them: speech mode with in-band FEC. */
async function packetsOf(speaker: number): Promise<Uint8Array[]> {
  const pcm = speech(PROGRAMME_S, speaker + 1, 90 + speaker * 9);
  const encoder = await createOpusEncoder(RENDITIONS.voice, {
    application: 'voip',
    expectedLossPercent: 5,
    complexity: 5,
  });
  const packets = Array.from({ length: TICKS }, (_, tick) =>
    encoder.encode(pcm.subarray(tick * FRAME_SAMPLES, (tick + 1) * FRAME_SAMPLES)),
  );
  encoder.free();
  return packets;
}

async function run(
  voices: readonly Uint8Array[][],
  ticks: number,
  withLean: boolean,
): Promise<Run> {
  const lean = withLean ? LEAN_RENDITIONS.voice! : null;
  const mixer = await Mixer.create({ rendition: RENDITIONS.voice, holdingSound: true, lean });
  const ids = voices.map((_, speaker) => `speaker-${speaker}`);
  for (const id of ids) mixer.setVoice(id, { onAir: true, muted: false });
  const out: Uint8Array[] = [];
  const before = process.cpuUsage();
  for (let tick = 0; tick < ticks; tick += 1) {
    const nowMs = tick * FRAME_MS;
    for (let speaker = 0; speaker < voices.length; speaker += 1) {
      const packet = voices[speaker]![tick % TICKS]!;
      mixer.push(ids[speaker]!, speaker, tick & 0xffff, tick * FRAME_SAMPLES, packet, nowMs);
    }
    out.push(mixer.tick(nowMs + FRAME_MS / 2).packet);
  }
  const { user, system } = process.cpuUsage(before);
  mixer.close();
  const hash = createHash('sha256');
  for (const packet of out) hash.update(packet);
  return {
    share: (user + system) / 1000 / (ticks * FRAME_MS),
    hash: hash.digest('hex').slice(0, 16),
  };
}

export async function* figures(options: FigureOptions): AsyncIterable<Figure> {
  const all = await Promise.all(Array.from({ length: 16 }, (_, speaker) => packetsOf(speaker)));
  const runs = CASES.map((): Run[] => []);
  for (const { speakers, lean } of CASES) await run(all.slice(0, speakers), WARM_UP_TICKS, lean);
  for (let index = 0; index < options.runs; index += 1)
    for (const [at, { speakers, lean }] of CASES.entries())
      runs[at]!.push(await run(all.slice(0, speakers), TICKS, lean));
  for (const [at, { name }] of CASES.entries()) {
    const results = runs[at]!;
    const hashes = new Set(results.map(({ hash }) => hash));
    if (hashes.size !== 1) throw new Error(`mixer: the same input gave ${hashes.size} outputs`);
    const shares = results.map(({ share }) => share);
    yield {
      figure: `mixer.${name}.core_share`,
      value: median(shares),
      unit: '1',
      runs: shares,
      hash: results[0]!.hash,
    };
  }
}
