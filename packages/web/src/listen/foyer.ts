/**
 * The foyer: what `/{space}` is until there is sound. Small, without a framework, from the edge alone. It
 * counts down, waits when somebody says that they will be there, and goes in by itself at the opening or at
 * their turn. The first press unlocks the one audio element, which the auditorium then has, so that the sound
 * starts without another.
 */
import { hasTicket, keptReturn } from '@parterre/client/waiting';
import type { NowServing, PublicSpace } from '@parterre/protocol';
import { SpaceFollower } from '../api/space-follower.ts';
import { ask } from '../api/space-now.ts';
import type { Language } from '../i18n/language.ts';
import type { Shell } from '../ui/shell.ts';
import { silence, unlock } from './element.ts';
import { FoyerView } from './foyer-view.ts';
import type { Stand } from './handed.ts';
import type { Waiting, WaitingFor } from './waiting.ts';

/** How often a visitor who does nothing learns whether there is a line, ms. */
const PEEK_MS = 10_000;
const FETCH_AGAIN_MS = 2_000;
/** Scripts asked for in vain before the page is loaded anew, where the house answers. */
const FETCHES_MAX = 3;
const IDLE_MS_MAX = 5_000;

export class Foyer implements WaitingFor {
  readonly id: string;
  readonly element = document.createElement('audio');
  readonly #shell: Shell;
  readonly #seat: string | null;
  readonly #follower: SpaceFollower;
  readonly #view: FoyerView;
  #stand: Stand = 'idle';
  #waiting: Waiting | null = null;
  #door: typeof import('./door.tsx') | null = null;
  /** There is a line, as far as is known. */
  #line = false;
  #peekedAtMs = 0;
  #slow = false;
  #failures = 0;
  /** Goes in without the place in line. */
  #elsewhere = false;
  /** The auditorium has taken over. */
  #left = false;
  #round = 0;
  #timer = 0;
  readonly #ticker: number;

  constructor(shell: Shell, id: string, seat: string | null) {
    this.#shell = shell;
    this.id = id;
    this.#seat = seat;
    this.#view = new FoyerView(shell, () => this.#press());
    this.#follower = new SpaceFollower(id, () => this.#heard());
    this.#ticker = window.setInterval(() => this.changed(), 1_000);
    shell.turned = () => {
      this.#waiting?.translate();
      this.changed();
    };
    if (hasTicket(id)) this.#wait('kept');
    this.changed();
    whenIdle(() => void this.#fetchDoor().catch(() => {}));
  }

  get language(): Language {
    return this.#shell.language;
  }

  get space(): PublicSpace | null {
    return this.#follower.known.space;
  }

  get untilDoorsMs(): number {
    return (this.space?.doorsAtMs ?? 0) - this.#follower.nowMs();
  }

  get pressed(): boolean {
    return this.#stand === 'waiting' || this.#stand === 'entering';
  }

  get hasSeat(): boolean {
    return this.#seat !== null;
  }

  get #isOpen(): boolean {
    return this.space !== null && this.space.state !== 'scheduled';
  }

  changed(): void {
    if (this.#left) return;
    const { known, nowMs, again } = this.#follower;
    const [stand, waiting, slow] = [this.#stand, this.#waiting, this.#slow];
    this.#view.show({ known, nowMs: nowMs(), again, stand, waiting, slow });
  }

  enter(): void {
    void this.#enter(true);
  }

  enterElsewhere(): void {
    this.#elsewhere = true;
    this.enter();
  }

  async #fetchDoor(): Promise<typeof import('./door.tsx')> {
    this.#door ??= await import('./door.tsx');
    return this.#door;
  }

  /** News of the space. */
  #heard(): void {
    if (this.space?.state === 'ended') void this.#enter(false);
    else if (this.#stand === 'idle' && this.#isOpen) void this.#peek();
    else if (this.#stand === 'waiting' || this.#stand === 'kept') this.#waiting?.heard();
    this.changed();
  }

  /** Whether there is a line: so that a press needs to ask nobody. */
  async #peek(): Promise<void> {
    if (Date.now() - this.#peekedAtMs < PEEK_MS) return;
    this.#peekedAtMs = Date.now();
    const gate = await ask<NowServing>(`/gate/${this.id}`).catch(() => null);
    this.#line = gate?.open === true;
  }

  #press(): void {
    const stand = this.#stand;
    if (stand === 'entering' || stand === 'waiting') {
      this.#rest();
      return;
    }
    const lined = this.#line || hasTicket(this.id);
    const straight = keptReturn(this.id) !== null || this.#seat !== null || !lined;
    if (this.#waiting?.called || (this.#isOpen && straight)) {
      this.enter();
      return;
    }
    void unlock(this.element);
    if (stand === 'kept' && this.#waiting !== null) this.#stand = 'waiting';
    else this.#wait('waiting');
    this.changed();
  }

  /** Lets go; the place is kept, as long as the ticket lasts. */
  #rest(): void {
    this.#stop();
    this.#stand = hasTicket(this.id) ? 'rested' : 'idle';
    this.#slow = false;
    this.changed();
  }

  #stop(): void {
    this.#round++;
    window.clearTimeout(this.#timer);
    this.#waiting?.rest();
  }

  #wait(stand: 'waiting' | 'kept'): void {
    this.#stand = stand;
    void this.#try(async () => {
      this.#waiting ??= new (await import('./waiting.ts')).Waiting(this);
      return () => this.#waiting?.watch();
    });
  }

  async #enter(play: boolean): Promise<void> {
    this.#stop();
    // In the press itself: some browsers let nothing play later.
    if (this.#door !== null && silence() === null) {
      this.#open(this.#door, play);
      return;
    }
    if (play && this.#stand !== 'waiting' && silence() === null) void unlock(this.element);
    this.#stand = 'entering';
    this.changed();
    await this.#try(async () => {
      const [door] = await Promise.all([this.#fetchDoor(), silence()]);
      return () => this.#open(door, play);
    });
  }

  /** What needs a part of the page that may not come: until it has, and only while that is still wanted. */
  async #try(fetching: () => Promise<() => void>): Promise<void> {
    const round = this.#round;
    try {
      const then = await fetching();
      if (round !== this.#round) return;
      this.#slow = false;
      then();
    } catch {
      if (round !== this.#round) return;
      this.#slow = true;
      // Some browsers never ask again for a script that did not come; a place in line outlives this.
      const answers = this.#follower.known.problem === null;
      if (++this.#failures >= FETCHES_MAX && answers) location.reload();
      const ms = FETCH_AGAIN_MS * (1 + Math.random());
      this.#timer = window.setTimeout(() => void this.#try(fetching), ms);
      this.changed();
    }
  }

  #open(door: typeof import('./door.tsx'), play: boolean): void {
    this.#stop();
    window.clearInterval(this.#ticker);
    this.#left = true;
    this.#waiting?.close();
    this.#view.close();
    const queue = this.#elsewhere ? null : (this.#waiting?.queue ?? null);
    const [shell, follower] = [this.#shell, this.#follower];
    door.open({ shell, follower, element: this.element, queue, seat: this.#seat, play });
  }
}

/** When the browser has nothing better to do: what is fetched now is there when it is wanted. */
function whenIdle(task: () => void): void {
  if (typeof requestIdleCallback === 'function')
    requestIdleCallback(task, { timeout: IDLE_MS_MAX });
  else setTimeout(task, IDLE_MS_MAX / 5);
}
