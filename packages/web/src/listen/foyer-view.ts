/**
 * The foyer as it is shown. The same places, sizes and words as the auditorium's, which takes over without
 * anything moving: marquee, countdown or line, the house, who speaks, one button and one sentence.
 */
import type { PublicSpace, SpaceState } from '@parterre/protocol';
import type { Known } from '../api/space-follower.ts';
import { SHELL_WORDS } from '../i18n/shell-words.ts';
import { type Child, h, redraw, type View } from '../ui/dom.ts';
import type { HouseLight, HousePicture } from '../ui/house-picture.ts';
import { icon } from '../ui/shapes.ts';
import type { Shell } from '../ui/shell.ts';
import { clockText, driftWord, isoDuration } from '../ui/time.ts';
import { type Before, countdownView } from './countdown.ts';
import { FOYER_WORDS, type FoyerWords } from './foyer-words.ts';
import type { Stand } from './handed.ts';
import type { Waiting } from './waiting.ts';

export interface Shown {
  readonly known: Known;
  /** The server's clock. */
  readonly nowMs: number;
  again(): void;
  readonly stand: Stand;
  /** Null while there is nothing to wait for. */
  readonly waiting: Waiting | null;
  /** The player could not be fetched yet. */
  readonly slow: boolean;
}

const HOUSE = { level: () => 0, lamps: [] };
const UP = 0.8;
const DOWN = 0.15;
const HALF = 0.4;

export class FoyerView {
  readonly #shell: Shell;
  readonly #press: () => void;
  readonly #marquee = h('header', { class: 'marquee' });
  readonly #act = h('div', { class: 'act' });
  readonly #stage = h('div', { class: 'stage-word' });
  readonly #controls = h('div', { class: 'controls' });
  readonly #row = h('div', { class: 'controls-row' });
  readonly #status = h('p', { role: 'status' });
  readonly #frame = h('div', { class: 'house-frame house-arrives' });
  /** A decoration: it comes when it is there. */
  #picture: HousePicture | null = null;
  #countdown!: View<Before>;
  #language: string | null = null;
  #light: HouseLight = { ...HOUSE, houseLights: HALF, seated: false };

  constructor(shell: Shell, press: () => void) {
    this.#shell = shell;
    this.#press = press;
    const sentence = h('p', { class: 'latency' }, '\u00a0');
    this.#controls.append(this.#row, h('div', { class: 'controls-line' }, this.#status, sentence));
    shell.main.replaceChildren(
      h(
        'section',
        { class: 'auditorium' },
        this.#marquee,
        this.#act,
        this.#frame,
        this.#stage,
        this.#controls,
      ),
    );
    import('../ui/house-picture.ts').then(
      (fetched) => this.#build(fetched.HousePicture),
      () => {},
    );
  }

  #build(Picture: typeof HousePicture): void {
    if (!this.#frame.isConnected) return;
    this.#picture = new Picture(this.#light);
    this.#frame.append(this.#picture.element);
    this.#picture.resize();
  }

  get words(): FoyerWords {
    return FOYER_WORDS[this.#shell.language];
  }

  close(): void {
    this.#picture?.close();
  }

  show(shown: Shown): void {
    if (this.#language !== this.#shell.language) {
      this.#language = this.#shell.language;
      this.#countdown = countdownView(this.#shell.language);
      this.#act.replaceChildren();
    }
    const { space } = shown.known;
    this.#controls.hidden = space === null;
    if (space === null) this.#notKnown(shown);
    else this.#known(shown, space);
  }

  #known(shown: Shown, space: PublicSpace): void {
    const { stand, waiting, nowMs } = shown;
    const { state } = space;
    const line = lineOf(shown, state);
    this.#marqueeOf(space, nowMs);
    if (state !== 'live') this.#countdown.show({ space, state, nowMs });
    const counts = state !== 'live' && (waiting?.place?.ahead ?? 0) === 0;
    this.#perform(counts ? this.#countdown.element : null, line?.line.element ?? null);
    this.#stageOf(shown, state, line !== null && state !== 'scheduled' ? line : null);
    this.#buttons(shown, state);
    this.#say(sentenceOf(this.words, shown, state));
    const seated = stand === 'entering' || (stand === 'waiting' && line === null);
    this.#lightUp(state === 'live' ? DOWN : UP, seated);
    document.title = titleOf(this.words, space, waiting);
  }

  /** Who speaks, for those in line; for others that they will see it. */
  #stageOf({ waiting, known }: Shown, state: SpaceState, line: Waiting | null): void {
    const { words } = this;
    waiting?.onAir.show(line?.place ?? null);
    const hint = h('div', { class: 'on-stage' }, soft(state === 'live' ? words.whoAppears : ''));
    const away = known.problem === null ? null : soft(words.away);
    redraw(this.#stage, line?.onAir.element ?? hint, away);
  }

  /** The pieces that take a place between the marquee and the house. */
  #perform(...pieces: readonly (HTMLElement | null)[]): void {
    const wanted = pieces.filter((piece) => piece !== null);
    this.#act.hidden = wanted.length === 0;
    if (
      wanted.some((piece, at) => this.#act.children[at] !== piece) ||
      this.#act.children.length !== wanted.length
    )
      this.#act.replaceChildren(...wanted);
  }

  #marqueeOf(space: PublicSpace, nowMs: number): void {
    const { words } = this;
    const { state, liveAtMs, host, title } = space;
    const kind = state === 'live' || state === 'doors' ? `pill pill-${state}` : 'pill';
    const pill = h('span', { class: kind }, SHELL_WORDS[this.#shell.language].state[state]);
    const elapsed =
      state === 'live' && liveAtMs !== null ? elapsedOf(words, space, nowMs - liveAtMs) : null;
    redraw(
      this.#marquee,
      h('div', { class: 'row' }, pill, elapsed),
      h('h1', {}, title),
      h('p', { class: 'soft' }, host === '' ? null : words.hostedBy(host)),
    );
  }

  #buttons({ stand, waiting }: Shown, state: SpaceState): void {
    const { words } = this;
    const stops = stand === 'entering' || stand === 'waiting';
    const start = state === 'scheduled' && stand === 'idle' ? words.beThere : words.listen;
    const stop = (stand === 'waiting' && waiting?.words.stopWaiting) || words.stop;
    const called = waiting?.called === true ? waiting.words.comeIn : null;
    const kind = stops && called === null ? '' : ' button-primary';
    const button = h(
      'button',
      { type: 'button', class: `button${kind} listen-button`, onclick: this.#press },
      icon(kind === '' ? 'stop' : 'play'),
      called ?? (stops ? stop : start),
    );
    // Where the volume will be: nothing moves when it comes.
    redraw(this.#row, button, h('div', { class: 'volume' }));
  }

  #say(text: string): void {
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }

  #lightUp(houseLights: number, seated: boolean): void {
    const before = this.#light;
    if (before.houseLights === houseLights && before.seated === seated) return;
    this.#light = { ...HOUSE, houseLights, seated };
    this.#picture?.show(this.#light);
  }

  /** Nothing is known of the space: still loading, no such space, or no way to the server. */
  #notKnown(shown: Shown): void {
    const { words } = this;
    const shell = SHELL_WORDS[this.#shell.language];
    const { problem, nextTryAtMs } = shown.known;
    redraw(this.#marquee, problem === null ? h('p', { class: 'soft' }, shell.loading) : null);
    if (problem === null) {
      this.#perform();
      return;
    }
    const [what, remedy] = words.problems[problem] ?? words.problems.other!;
    const leftS = Math.max(0, Math.ceil(((nextTryAtMs ?? 0) - Date.now()) / 1_000));
    const text = h('div', { role: 'alert' }, h('p', {}, h('strong', {}, what)), soft(remedy));
    const again = h(
      'button',
      { type: 'button', class: 'button button-primary', onclick: () => shown.again() },
      shell.tryAgain,
    );
    const home = h('a', { class: 'button', href: '/' }, words.home);
    const left = h('span', { class: 'soft small figures' }, shell.retryIn(leftS));
    this.#act.hidden = false;
    const [before, row] = this.#act.querySelector('.notice')?.children ?? [];
    // Where only the seconds change, the button stays: one that is exchanged in a press is not pressed.
    if (row !== undefined && before?.isEqualNode(text)) redraw(row, again, home, left);
    else {
      const tries = h('div', { class: 'row' }, again, home, left);
      this.#act.replaceChildren(h('div', { class: 'notice notice-bad' }, text, tries));
    }
  }
}

/** Null while there is no place, or nothing to say of it. */
function lineOf({ waiting, stand }: Shown, state: SpaceState): Waiting | null {
  const place = waiting?.place ?? null;
  if (waiting === null || place === null || stand === 'rested') return null;
  const shows = state === 'scheduled' ? place.draw !== null || place.working : place.ahead !== 0;
  if (!shows && !waiting.called) return null;
  waiting.line.show(place);
  return waiting;
}

function elapsedOf(words: FoyerWords, { startDriftMs }: PublicSpace, ms: number): Child {
  const drift = driftWord(words, startDriftMs ?? null);
  return h(
    'span',
    { class: 'soft small figures' },
    `${words.elapsed} `,
    h('time', { datetime: isoDuration(ms) }, clockText(ms)),
    drift === null ? null : ` · ${drift}`,
  );
}

/** The sentence beneath the button. */
function sentenceOf(words: FoyerWords, { stand, waiting, slow }: Shown, state: SpaceState): string {
  if (slow) return words.slow;
  if (waiting?.called === true) return waiting.words.turnKept;
  switch (stand) {
    case 'entering':
      return words.connecting;
    case 'kept':
      return waiting?.words.pressOnce ?? '';
    case 'rested':
      return waiting?.words.rested ?? '';
    case 'waiting':
      if (state === 'scheduled') return words.expected;
      return (waiting?.place?.ahead !== 0 && waiting?.words.keeps) || words.connecting;
    case 'idle':
      if (state === 'live') return words.idleLive;
      return state === 'doors' ? words.idleDoors : words.idleScheduled;
  }
}

function titleOf(words: FoyerWords, { title }: PublicSpace, waiting: Waiting | null): string {
  const page = words.pageTitle(title);
  if (waiting?.called === true) return `● ${waiting.words.turn} · ${page}`;
  const ahead = waiting?.place?.ahead ?? 0;
  return ahead > 0 ? `${ahead} · ${page}` : page;
}

function soft(text: string): HTMLElement {
  return h('p', { class: 'soft small' }, text);
}
