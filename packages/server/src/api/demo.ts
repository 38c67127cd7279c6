/**
 * The demo space: live whenever the server has started with `demo`. One that ended before that start is
 * made anew; one that ended since stays ended, with its replay, until the next start. It removes what it
 * finds under its own address, so that address is the demo's alone.
 */
import { ParterreError } from '@parterre/protocol';
import type { Timer, Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Directory } from './directory.ts';

export const DEMO_ID = 'demo';
const LOOK_MS = 2_000;

export interface DemoOptions {
  readonly directory: Directory;
  readonly timers: Timers;
  readonly log: Log;
  /** When the server began, ms since the Unix epoch; a process of it that is replaced changes nothing. */
  readonly serverStartedAtMs: number;
}

/** Sees to the demo space until the timer that is returned is cancelled. */
export function keepDemo(options: DemoOptions): Timer {
  const { timers, log } = options;
  let looking = false;
  const look = (): void => {
    if (looking) return;
    looking = true;
    keepLive(options)
      .catch((error: unknown) => log.warn({ err: error }, 'the demo space is not live yet'))
      .finally(() => {
        looking = false;
      });
  };
  look();
  return timers.every(LOOK_MS, look);
}

async function keepLive({ directory, serverStartedAtMs }: DemoOptions): Promise<void> {
  const space = await directory.space(DEMO_ID).catch((error: unknown) => {
    if (error instanceof ParterreError && error.code === 'unknown_space') return null;
    throw error;
  });
  if (space?.state === 'live') return;
  if (space?.state === 'ended') {
    if ((space.endedAtMs ?? 0) >= serverStartedAtMs) return;
    await directory.remove(DEMO_ID);
  }
  if (space === null || space.state === 'ended') {
    await directory.create({
      id: DEMO_ID,
      title: 'Parterre demo',
      host: 'Parterre',
      profile: 'near',
      holdingSound: true,
    });
  }
  await directory.act(DEMO_ID, 'start');
}
