/**
 * The leave to rehearse on a server that is not on this machine: read from the file, held against what the
 * score would do, confirmed by the server before anything is sent and every second after.
 */
import { readFileSync } from 'node:fs';
import type { Score } from '@parterre/rehearsal';
import {
  askOf,
  boundsOf,
  objectionToPermit,
  type Permit,
  type PermitWatch,
  readPermit,
  watchPermit,
} from '@parterre/rehearsal/permit';
import { systemClock, systemTimers } from '../adapters/system/index.ts';
import { ConfigError } from './config.ts';

/** @throws ConfigError when there is none, or it does not allow this */
export async function permitFor(path: string | null, url: string, score: Score): Promise<Permit> {
  if (path === null)
    throw new ConfigError(
      `${new URL(url).host} is not on this machine: a rehearsal there takes a permit of its owner (--permit FILE; "parterre permit" makes one on the server).`,
    );
  const permit = readPermit(readFileSync(path, 'utf8'));
  if (permit === null) throw new ConfigError(`${path} is not a permit.`);
  const objection =
    objectionToPermit(permit, url, systemClock.wallMs()) ?? objectionToScore(permit, score);
  if (objection !== null) throw new ConfigError(objection);
  const word = await askOf(permit);
  if (word === 'silent') throw new ConfigError('The server does not answer for its permit.');
  if (word !== 'valid') throw new ConfigError(word.refused);
  return permit;
}

/** Until it is closed; `stop` hears once why the rehearsal must end: the owner's word, or the time is up. */
export function keepWatch(permit: Permit, stop: (reason: string) => void): PermitWatch {
  const nowMs = (): number => systemClock.monotonicMs();
  const watch = watchPermit({ permit, timers: systemTimers, nowMs, stop });
  const time = systemTimers.after(permit.seconds * 1_000, () => stop('The permit’s time is up.'));
  return {
    close() {
      watch.close();
      time.cancel();
    },
  };
}

/** Why a permit does not allow this score, in a sentence; null when it does. */
export function objectionToScore(permit: Permit, score: Score): string | null {
  const { listeners, joinsPerS, seconds, disturb } = boundsOf(permit);
  if (score.listenersMax > listeners)
    return `The permit allows ${listeners} listeners, the scenario has ${score.listenersMax}.`;
  if (score.seconds > seconds)
    return `The permit allows ${seconds} s, the scenario lasts ${Math.round(score.seconds)} s.`;
  const { rise, fall } = slopesOf(score);
  if (rise > joinsPerS)
    return `The permit allows ${joinsPerS} joins a second, the scenario has ${rise}; --pace and --speed make it gentler.`;
  const unruly = score.manners.slow > 0 || score.incidents.length > 0 || fall > joinsPerS;
  if (unruly && !disturb)
    return 'The permit does not allow slow readers, retry storms or mass exits.';
  return null;
}

/** The most that come in, and that leave, within one second; those who replace others are both. */
function slopesOf({ seconds, wantedAt, listenersMax, manners }: Score) {
  let rise = 0;
  let fall = 0;
  for (let second = 0; second < seconds; second++) {
    const change = wantedAt(second + 1) - wantedAt(second);
    rise = Math.max(rise, change);
    fall = Math.max(fall, -change);
  }
  const replaced = listenersMax * manners.churn;
  return { rise: Math.ceil(rise + replaced), fall: Math.ceil(fall + replaced) };
}
