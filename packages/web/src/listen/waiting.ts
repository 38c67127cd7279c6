/**
 * Standing in line, or in the draw before doors: looks how it stands, keeps the place over a reload, and says
 * when it is the turn: with a gong where they have waited, or by one button where the browser lets nothing
 * play before a press. A turn that was missed is a new place, and the page says so. Fetched when there is
 * something to wait for.
 */
import {
  browserSystem,
  type Look,
  lookForDoorsMs,
  type Place,
  Queue,
} from '@parterre/client/waiting';
import type { PublicSpace } from '@parterre/protocol';
import type { Language } from '../i18n/language.ts';
import type { View } from '../ui/dom.ts';
import { Alarm } from './alarm.ts';
import { unlock } from './element.ts';
import { lineView } from './line-view.ts';
import { LINE_WORDS, type LineWords } from './line-words.ts';
import { onAirView } from './on-air.ts';
import { strikeGong, tell } from './turn-call.ts';

/** What the foyer knows. */
export interface WaitingFor {
  readonly id: string;
  readonly element: HTMLAudioElement;
  readonly language: Language;
  readonly space: PublicSpace | null;
  /** Until the doors, ms, as far as is known. */
  readonly untilDoorsMs: number;
  /** Somebody has pressed: the page may play by itself. */
  readonly pressed: boolean;
  /** Goes in by another way than the line, once the doors are open. */
  readonly hasSeat: boolean;
  changed(): void;
  enter(): void;
  /** In by the ordinary way, without the place in line: that is kept. */
  enterElsewhere(): void;
}

/** Whether who comes to the live lane is sent on to a cache, or let in. */
async function isTaken(id: string): Promise<boolean> {
  const request = { method: 'HEAD', redirect: 'manual', credentials: 'omit' } as const;
  const answer = await fetch(`/live/${id}`, request).catch(() => null);
  return answer !== null && (answer.ok || answer.type === 'opaqueredirect');
}

export class Waiting {
  readonly #for: WaitingFor;
  readonly queue: Queue;
  line!: View<Place>;
  onAir!: View<Place | null>;
  #look: Look | null = null;
  /** Stood behind somebody, or in the draw: the turn is worth a gong. */
  #waited = false;
  #called = false;
  /** What was looked at last was before doors. */
  #early = false;
  /** The lane beside the line has been tried. */
  #tried = false;
  #round = 0;
  readonly #alarm = new Alarm();

  constructor(waitingFor: WaitingFor) {
    this.#for = waitingFor;
    this.queue = new Queue(waitingFor.id, browserSystem);
    this.queue.changed = () => waitingFor.changed();
    this.translate();
  }

  /** Null while nothing is known. */
  get place(): Place | null {
    return this.#look === null && !this.queue.place.working ? null : this.queue.place;
  }

  /** It is their turn, and the browser wants a press. */
  get called(): boolean {
    return this.#called;
  }

  get words(): LineWords {
    return LINE_WORDS[this.#for.language];
  }

  /** The draw has been made, so the doors are open. */
  get drawn(): boolean {
    return this.#look?.place.draw?.position != null;
  }

  get #isOpen(): boolean {
    const { space } = this.#for;
    return this.drawn || (space !== null && space.state !== 'scheduled');
  }

  translate(): void {
    const { id, language } = this.#for;
    this.onAir?.close?.();
    this.line = lineView(id, language);
    this.onAir = onAirView(id, language);
  }

  /** Looks how it stands, after `ms`. @param anew with a new place */
  watch(ms = 0, anew = false): void {
    this.rest();
    const round = this.#round;
    this.#alarm.set(ms, async () => {
      const elsewhere = !this.#tried && (await this.#tryElsewhere());
      const look = elsewhere ? null : await this.queue.look(location.origin, anew);
      if (round !== this.#round) return;
      if (look === null) this.#for.enterElsewhere();
      else this.#looked(look);
    });
  }

  /**
   * A cache has room when the live lane has none: nobody waits then. Who was here before doors asks only
   * after a look has shown a line, so that the opening is no storm.
   */
  async #tryElsewhere(): Promise<boolean> {
    const look = this.#look;
    const inLine = look === null || (look.place.ahead ?? 0) > 0;
    if (!inLine || !this.#for.pressed || !this.#isOpen) return false;
    this.#tried = true;
    return isTaken(this.#for.id);
  }

  /** News of the space: the doors may be open. */
  heard(): void {
    if (this.#early && this.#isOpen) this.watch(lookForDoorsMs(0, Math.random()));
  }

  /** Lets go; the place is kept as long as the ticket lasts. */
  rest(): void {
    this.#round++;
    this.#alarm.clear();
    this.#called = false;
    this.#early = false;
  }

  close(): void {
    this.rest();
    this.#alarm.close();
    this.onAir.close?.();
  }

  #looked(look: Look): void {
    const { ahead, draw } = look.place;
    this.#look = look;
    this.#early = !this.#isOpen;
    if ((ahead ?? 0) > 0 || draw !== null) this.#waited = true;
    const { pressed, hasSeat, untilDoorsMs } = this.#for;
    // Where nothing is known of a line, the house itself says how it stands.
    const straight = hasSeat || (ahead === null && draw === null);
    if (look.turn && this.#isOpen) void this.#turn(look);
    else if (straight && this.#isOpen && pressed) this.#for.enter();
    else this.watch(look.turn ? lookForDoorsMs(untilDoorsMs, Math.random()) : look.againMs);
    this.#for.changed();
  }

  /** In, with a gong if they have waited; or one button, for as long as the turn is kept. */
  async #turn({ againMs, turnMs }: Look): Promise<void> {
    const { element, space, pressed } = this.#for;
    const round = this.#round;
    if (this.#waited) tell(this.words.turn, space?.title ?? '');
    const mayPlay = pressed || (await unlock(element));
    if (round !== this.#round) return;
    if (!mayPlay) {
      this.#called = true;
      this.#alarm.set(turnMs, () => this.watch(0, true));
      this.#for.changed();
      return;
    }
    if (this.#waited) await strikeGong(element);
    if (round !== this.#round) return;
    this.#alarm.set(this.#waited ? 0 : againMs, () => this.#for.enter());
  }
}
