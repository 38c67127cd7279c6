/**
 * What should be green before a space starts [P4]: capacity is certified, the disk has room, the clock is
 * right, somebody is there to speak, and somebody else could take over. It only looks; nothing here keeps a
 * space from starting.
 */
import { SAMPLE_RATE_HZ } from '@parterre/protocol';
import type { Checklist } from '@parterre/protocol/schemas';
import type { Attendant } from '../ports/programme-control.ts';
import type { StoredClip } from '../ports/store.ts';
import type { Certificates } from './certificates.ts';
import type { ApiOptions } from './instance.ts';

/** Less room than this on the disk is red, hours of programme. */
const DISK_HOURS_MIN = 20;
const INVITES_MAX = 1_000;

type Point = Checklist['points'][number];

export class Checklists {
  readonly #options: ApiOptions;
  readonly #certificates: Certificates;

  constructor(options: ApiOptions, certificates: Certificates) {
    this.#options = options;
    this.#certificates = certificates;
  }

  /** @throws ParterreError `unknown_space`, `part_away` */
  async of(spaceId: string): Promise<Checklist> {
    const { clip } = await this.#options.directory.space(spaceId);
    const attendants = await this.#options.directory.attendance(spaceId);
    const points = [
      await this.#certificate(),
      this.#disk(),
      await this.#clock(),
      people(attendants),
      await this.#backup(spaceId, attendants),
      await this.#clip(spaceId, clip),
    ];
    return { ready: points.every(({ verdict }) => verdict === 'good'), points };
  }

  async #certificate(): Promise<Point> {
    const { current } = await this.#certificates.current();
    const found = current?.state ?? 'none';
    return { id: 'certificate', verdict: found === 'valid' ? 'good' : 'bad', found, figure: null };
  }

  #disk(): Point {
    const hours = this.#options.machine.diskHours();
    const enough = hours >= DISK_HOURS_MIN;
    return {
      id: 'disk',
      verdict: enough ? 'good' : 'bad',
      found: enough ? 'ok' : 'low',
      figure: hours,
    };
  }

  async #clock(): Promise<Point> {
    const synchronised = await this.#options.machine.clockSynchronised();
    if (synchronised === null) {
      return { id: 'clock', verdict: 'unknown', found: 'not_known', figure: null };
    }
    return {
      id: 'clock',
      verdict: synchronised ? 'good' : 'bad',
      found: synchronised ? 'synchronised' : 'not_synchronised',
      figure: null,
    };
  }

  /** None is as good as one that is whole: the holding sound goes on air then. */
  async #clip(spaceId: string, clip: StoredClip | null): Promise<Point> {
    if (clip === null) return { id: 'clip', verdict: 'good', found: 'none', figure: null };
    const there = await this.#options.clips.has(spaceId, clip);
    return {
      id: 'clip',
      verdict: there ? 'good' : 'bad',
      found: there ? 'there' : 'damaged',
      figure: Math.ceil(clip.samples / SAMPLE_RATE_HZ),
    };
  }

  /** Somebody besides the host who has the controls, should the host drop. */
  async #backup(spaceId: string, attendants: readonly Attendant[]): Promise<Point> {
    const here = attendants.filter(({ role }) => role === 'cohost').length;
    if (here > 0) return { id: 'backup', verdict: 'good', found: 'here', figure: here };
    const invites = await this.#options.store.invites(spaceId, INVITES_MAX);
    const named = invites.filter(
      ({ role, revokedAtMs }) => role === 'cohost' && revokedAtMs === null,
    ).length;
    return named > 0
      ? { id: 'backup', verdict: 'good', found: 'named', figure: named }
      : { id: 'backup', verdict: 'bad', found: 'nobody', figure: 0 };
  }
}

function people(attendants: readonly Attendant[]): Point {
  const figure = attendants.length;
  return figure > 0
    ? { id: 'people', verdict: 'good', found: 'here', figure }
    : { id: 'people', verdict: 'bad', found: 'nobody', figure };
}
