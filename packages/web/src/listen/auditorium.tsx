/**
 * The house before and during the programme: what is on, who speaks, the picture, and the one button.
 * Every state of the player has a sentence; the latency shown is the one measured at the ear.
 */
import './people.css';
import type { Listening, ListenPhase, ListenState } from '@parterre/client';
import type { PublicSpace, SnapshotSeat, SpaceState } from '@parterre/protocol';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';
import type { Following } from '../api/public-space.ts';
import { LanguageContext, useWords } from '../i18n/context.ts';
import { House, type HouseLight } from '../ui/house.tsx';
import { Icon } from '../ui/icons.tsx';
import { Notice, StatePill } from '../ui/notice.tsx';
import { Plain } from '../ui/plain.tsx';
import { useSecondTick } from '../ui/ticking.ts';
import { clockText, driftWord, isoDuration } from '../ui/time.ts';
import { countdownView } from './countdown.ts';
import { Volume } from './volume.tsx';
import { LISTEN_WORDS, type ListenWords } from './words.ts';

/** Phases in which the listener sits in the house: the button stops. */
const SEATED: ReadonlySet<ListenPhase> = new Set([
  'connecting',
  'buffering',
  'playing',
  'holding',
  'reconnecting',
  'waiting',
  'queued',
]);

/** Behind by less than this is what people call live, ms. */
const LIVE_WORD_MS_MAX = 1_500;

interface AuditoriumProps {
  readonly space: PublicSpace;
  readonly following: Following;
  readonly listening: Listening;
}

export function Auditorium({ space, following, listening }: AuditoriumProps) {
  const words = useWords(LISTEN_WORDS);
  const { state, snapshot } = listening;
  const seated = SEATED.has(state.phase);
  const shown = seated && snapshot !== null ? snapshot.state : space.state;
  const title = (seated && snapshot?.title) || space.title;
  const host = (seated && snapshot?.host) || space.host;
  const seats = seated && snapshot !== null ? snapshot.seats : null;
  const language = useContext(LanguageContext);
  const place = state.phase === 'queued' ? state : null;
  const views = useQueuedViews(place !== null);
  useSecondTick(true);
  return (
    <section class="auditorium">
      <header class="marquee">
        <div class="row">
          <StatePill state={shown} />
          <Elapsed space={space} state={shown} nowMs={following.nowMs()} />
        </div>
        <h1>{title}</h1>
        <p class="soft">{host === '' ? null : words.hostedBy(host)}</p>
      </header>
      {shown === 'live' || state.phase === 'queued' ? null : (
        <Plain
          key={language}
          make={() => countdownView(language)}
          state={{ space, state: shown, nowMs: following.nowMs() }}
        />
      )}
      {place !== null && views !== null ? (
        <views.QueuedLine place={place} space={space.id} />
      ) : null}
      <div class="house-frame">
        <Picture
          seats={seats}
          state={shown}
          phase={state.phase}
          seated={seated && state.phase !== 'queued'}
        />
      </div>
      {place !== null && views !== null ? (
        <views.QueuedStage place={place} space={space.id} />
      ) : (
        <OnStage seats={seats} live={shown === 'live'} />
      )}
      {following.problem === null ? null : (
        <p class="soft small" role="status">
          {words.away}
        </p>
      )}
      {state.phase === 'failed' ? <Notice code={state.code} /> : null}
      <Controls listening={listening} seated={seated} spaceState={shown} />
    </section>
  );
}

type QueuedViews = typeof import('./queued.tsx');

/** The code for a place in line, fetched only when there is one. */
function useQueuedViews(wanted: boolean): QueuedViews | null {
  const [views, setViews] = useState<QueuedViews | null>(null);
  useEffect(() => {
    if (!wanted) return;
    let here = true;
    const fetchViews = () => {
      import('./queued.tsx').then(
        ({ QueuedLine, QueuedStage }) => here && setViews({ QueuedLine, QueuedStage }),
        () => here && window.setTimeout(fetchViews, 3_000),
      );
    };
    fetchViews();
    return () => {
      here = false;
    };
  }, [wanted]);
  return wanted ? views : null;
}

function Elapsed({
  space,
  state,
  nowMs,
}: {
  space: PublicSpace;
  state: SpaceState;
  nowMs: number;
}) {
  const words = useWords(LISTEN_WORDS);
  if (state !== 'live' || space.liveAtMs === null) return null;
  const ms = nowMs - space.liveAtMs;
  const drift = driftWord(words, space.startDriftMs ?? null);
  return (
    <span class="soft small figures">
      {words.elapsed} <time dateTime={isoDuration(ms)}>{clockText(ms)}</time>
      {drift === null ? null : ` · ${drift}`}
    </span>
  );
}

interface PictureProps {
  readonly seats: readonly SnapshotSeat[] | null;
  readonly state: SpaceState;
  readonly phase: ListenPhase;
  readonly seated: boolean;
}

function Picture({ seats, state, phase, seated }: PictureProps) {
  const lamps = (seats ?? []).map((seat) => (seat.speaking ? 1 : seat.muted ? 0.1 : 0.3));
  const speaking = phase === 'playing' && lamps.includes(1);
  const holding = phase === 'holding';
  const houseLights = state === 'live' ? 0.15 : 0.8;
  const key = lamps.join();
  const light = useMemo<HouseLight>(
    () => ({
      level: () =>
        speaking ? 0.78 + 0.18 * Math.sin(performance.now() / 420) : holding ? 0.16 : 0,
      lamps: key === '' ? [] : key.split(',').map(Number),
      houseLights,
      seated,
    }),
    [key, speaking, holding, houseLights, seated],
  );
  return <House light={light} />;
}

interface OnStageProps {
  readonly seats: readonly SnapshotSeat[] | null;
  readonly live: boolean;
}

function OnStage({ seats, live }: OnStageProps) {
  const words = useWords(LISTEN_WORDS);
  const nobody = seats !== null && seats.length === 0;
  return (
    <div class="on-stage">
      {seats === null ? (
        <p class="soft small">{live ? words.whoAppears : null}</p>
      ) : (
        <h2 class="on-stage-title">{words.onStage}</h2>
      )}
      {nobody ? <p class="soft small">{words.nobodyOnStage}</p> : null}
      <ul class="people">
        {(seats ?? []).map((seat) => (
          <li key={seat.id} class={seat.speaking ? 'person person-speaking' : 'person'}>
            {seat.muted ? (
              <Icon name="micOff" />
            ) : (
              <Icon name={seat.speaking ? 'speaker' : 'mic'} />
            )}
            <span>{seat.name}</span>
            <span class="visually-hidden">
              {seat.muted ? words.muted : seat.speaking ? words.speaking : words.quietOnStage}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The sentence for each state of the player. */
function sentenceOf(words: ListenWords, state: ListenState, space: SpaceState): string {
  switch (state.phase) {
    case 'idle':
    case 'failed':
      if (space === 'live') return words.idleLive;
      return space === 'doors' ? words.idleDoors : words.idleScheduled;
    case 'connecting':
      return words.connecting;
    case 'buffering':
      return words.buffering;
    case 'playing':
      return words.playing;
    case 'holding':
      return words.holding;
    case 'reconnecting':
      return state.audible ? words.reconnectingAudible : words.reconnecting;
    case 'paused':
      if (state.reason === 'autoplay') return words.pausedAutoplay;
      return state.reason === 'system' ? words.pausedSystem : words.pausedListener;
    case 'waiting':
      return words.waiting;
    case 'queued':
      return state.ahead === 0 ? words.connecting : words.keeps;
    case 'ended':
      return words.endedTitle;
  }
}

function Controls(props: { listening: Listening; seated: boolean; spaceState: SpaceState }) {
  const { listening, seated, spaceState } = props;
  const words = useWords(LISTEN_WORDS);
  const { state, stats } = listening;
  const audible = state.phase === 'playing' || state.phase === 'holding';
  const start =
    state.phase === 'failed'
      ? words.listenAgain
      : state.phase === 'paused' && state.reason === 'autoplay'
        ? words.soundOn
        : spaceState === 'scheduled'
          ? words.beThere
          : words.listen;
  return (
    <div class="controls">
      <div class="controls-row">
        {seated ? (
          <button type="button" class="button listen-button" onClick={() => listening.pause()}>
            <Icon name="stop" />
            {state.phase === 'queued' ? words.stopWaiting : words.stop}
          </button>
        ) : (
          <button
            type="button"
            class="button button-primary listen-button"
            onClick={() => void listening.play()}
          >
            <Icon name="play" />
            {start}
          </button>
        )}
        <Volume listening={listening} />
      </div>
      <div class="controls-line">
        <p role="status">{sentenceOf(words, state, spaceState)}</p>
        <p class="soft small figures latency">
          {audible && stats.latencyMs !== null
            ? latencyWord(words, stats.latencyMs, listening.snapshot?.profile === 'far')
            : ' '}
        </p>
      </div>
    </div>
  );
}

function latencyWord(words: ListenWords, latencyMs: number, crowded: boolean): string {
  const seconds = Math.round(latencyMs / 1_000);
  if (crowded) return words.behindCrowd(seconds);
  return latencyMs < LIVE_WORD_MS_MAX ? words.live : words.behind(seconds);
}
