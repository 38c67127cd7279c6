/**
 * The programme process. `prepare` loads the modules and warms what is slow the first time (WebAssembly,
 * the holding sound) without touching data or sockets, so that a spare process can stand ready; `activate`
 * takes up every space where it was and listens. Refuses to go on air beside a programme that is alive.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Mixer, newJitterCounters } from '@parterre/media';
import { FRAME_MS, RENDITIONS } from '@parterre/protocol';
import { DiskClips, DiskLog, DiskPlans, DiskRecordings } from '../adapters/disk/index.ts';
import { bootId } from '../adapters/system/index.ts';
import { UnixServer } from '../adapters/unix/index.ts';
import { Programme } from '../programme/index.ts';
import type { Part, PartContext } from './part.ts';
import { programmeMeter, watchProgramme, watchVoices } from './programme-metrics.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Enough for the compiler to have seen the mixer at work. */
const WARM_UP_FRAMES = 50;

export interface PreparedProgramme {
  /** Goes on air; resolves when every running space is and clients can connect. Once. */
  activate(): Promise<Part>;
}

export async function prepare(context: PartContext): Promise<PreparedProgramme> {
  for (const rendition of Object.values(RENDITIONS)) {
    const mixer = await Mixer.create({ rendition, holdingSound: true });
    for (let frame = 0; frame < WARM_UP_FRAMES; frame++) mixer.tick(frame * FRAME_MS);
    mixer.close();
  }
  const meter = programmeMeter(context.metrics);
  const counters = newJitterCounters();
  watchVoices(context.metrics, counters);
  const activate = async (): Promise<Part> => {
    const { config, log, clock, timers, sockets } = context;
    const beganMs = clock.monotonicMs();
    if (await UnixServer.answers(sockets.programme)) {
      throw new Error(`Another programme is alive at ${sockets.programme}.`);
    }
    const dir = join(config.data, 'spaces');
    const programme = await Programme.open({
      clock,
      timers,
      log,
      meter,
      programmeLog: new DiskLog({ dir, log }),
      plans: new DiskPlans({ dir, log }),
      recordings: new DiskRecordings(dir),
      clips: new DiskClips(dir, timers),
      createMixer: (options) => Mixer.create({ ...options, counters }),
      bootId: bootId(),
      spacesMax: config.spacesMax,
      lean: config.egressBpsMax > 0,
      idleEndMs: config.idleEndMinutes * MINUTE_MS,
      retentionMs: config.retentionDays * DAY_MS,
    });
    mkdirSync(dirname(sockets.programme), { recursive: true });
    const server = await UnixServer.listen({ path: sockets.programme, programme, log });
    watchProgramme(context.metrics, programme, () => server.clients);
    log.info({ tookMs: Math.round(clock.monotonicMs() - beganMs) }, 'programme is on');
    return {
      async close() {
        await server.close();
        await programme.close();
      },
    };
  };
  return { activate };
}
