/**
 * The demo space: made, started, and made anew whenever it has ended, for as long as the server runs
 * with `demo`. It removes what it finds under its own address, so that address is the demo's alone.
 */
import { ParterreError } from '@parterre/protocol';
import type { Timer, Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Directory } from './directory.ts';

export const DEMO_ID = 'demo';
const LOOK_MS = 2_000;

/** Keeps the demo space live until the timer that is returned is cancelled. */
export function keepDemo(directory: Directory, timers: Timers, log: Log): Timer {
  let looking = false;
  const look = (): void => {
    if (looking) return;
    looking = true;
    keepLive(directory)
      .catch((error: unknown) => log.warn({ err: error }, 'the demo space is not live yet'))
      .finally(() => {
        looking = false;
      });
  };
  look();
  return timers.every(LOOK_MS, look);
}

async function keepLive(directory: Directory): Promise<void> {
  const space = await directory.space(DEMO_ID).catch((error: unknown) => {
    if (error instanceof ParterreError && error.code === 'unknown_space') return null;
    throw error;
  });
  if (space?.state === 'live') return;
  if (space?.state === 'ended') await directory.remove(DEMO_ID);
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
