/**
 * The stage from inside: where you are, your microphone, who is with you, and for who runs the space, host
 * or co-host, the house: the one takes over when the other is gone.
 * What is happening to your connection and your device is said as it happens; leaving while on air asks.
 */
import type { Speaking } from '@parterre/client';
import { useContext, useEffect, useMemo } from 'preact/hooks';
import { type Following, useSpace } from '../api/public-space.ts';
import { LanguageContext, useWords } from '../i18n/context.ts';
import { useArrival } from '../ui/arrival.ts';
import { House, type HouseLight } from '../ui/house.tsx';
import { Notice, StatePill } from '../ui/notice.tsx';
import { useSecondTick } from '../ui/ticking.ts';
import { clockText, isoDuration, spokenDuration } from '../ui/time.ts';
import type { Entry } from './entry.ts';
import { awaitsHost, HostDesk, StartCall } from './host-desk.tsx';
import { Jingle } from './jingle.tsx';
import { MicrophoneSettings, MicrophoneTrouble } from './microphone.tsx';
import { Monitor } from './monitor.tsx';
import { MovedOn } from './moved-on.tsx';
import { People } from './people.tsx';
import { Slider } from './slider.tsx';
import { STUDIO_WORDS } from './words.ts';
import { YourVoice } from './your-voice.tsx';

interface StageRoomProps {
  readonly entry: Entry;
  readonly speaking: Speaking;
  readonly pass: string;
  startOver(): void;
}

export function StageRoom({ entry, speaking, pass, startOver }: StageRoomProps) {
  const following = useSpace(entry.space.id);
  const { phase } = speaking.state;
  const role = speaking.role ?? entry.role;
  const over = phase === 'ended' || phase === 'left' || phase === 'failed';
  const runs = role !== 'speaker';
  const onAir = speaking.state.phase === 'connected' && speaking.state.place === 'stage';
  useLeaveGuard(onAir);
  const desk = {
    space: following.space ?? entry.space,
    state: speaking.space?.state ?? entry.space.state,
    pass: entry.invite === null ? undefined : pass,
    changed: following.again,
  };
  return (
    <div class="room">
      <RoomHead entry={entry} speaking={speaking} following={following} />
      <WhereYouStand entry={entry} speaking={speaking} startOver={startOver} />
      {over ? <MovedOn space={desk.space} owner={entry.invite === null} /> : null}
      {!over && runs && awaitsHost(desk.space, desk.state) ? <StartCall {...desk} /> : null}
      {over ? null : (
        <div class="room-columns">
          <div class="stack room-main">
            <MicrophoneTrouble speaking={speaking} />
            <YourVoice speaking={speaking} role={role} state={desk.state} />
            <div class="panel">
              <StagePicture speaking={speaking} />
              <People speaking={speaking} moderates={runs} />
            </div>
          </div>
          <div class="stack room-side">
            {runs ? <HostDesk {...desk} /> : null}
            <Jingle speaking={speaking} />
            <Monitor speaking={speaking} space={entry.space.id} state={desk.state} />
            <Settings speaking={speaking} />
          </div>
        </div>
      )}
    </div>
  );
}

/** The browser asks before a page that is on air goes away. */
function useLeaveGuard(onAir: boolean): void {
  useEffect(() => {
    if (!onAir) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [onAir]);
}

function RoomHead(props: { entry: Entry; speaking: Speaking; following: Following }) {
  const { entry, speaking, following } = props;
  const words = useWords(STUDIO_WORDS);
  const language = useContext(LanguageContext);
  const heading = useArrival();
  useSecondTick(true);
  const space = following.space ?? entry.space;
  const state = speaking.space?.state ?? space.state;
  const liveAtMs = speaking.space?.liveAtMs ?? space.liveAtMs;
  const elapsedMs = liveAtMs === null ? 0 : following.nowMs() - liveAtMs;
  const leftMs = space.startsAtMs === null ? 0 : space.startsAtMs - following.nowMs();
  return (
    <header class="room-head">
      <div class="row">
        <StatePill state={state} />
        <span class="soft small figures">
          {state === 'live' ? (
            <>
              {words.elapsed} <time dateTime={isoDuration(elapsedMs)}>{clockText(elapsedMs)}</time>
            </>
          ) : null}
          {(state === 'scheduled' || state === 'doors') && leftMs > 0
            ? words.startsIn(
                leftMs < 3_600_000 ? clockText(leftMs) : spokenDuration(leftMs, language),
              )
            : null}
        </span>
        {speaking.state.phase === 'connected' ? (
          <span class={`quality quality-${speaking.quality.verdict}`}>
            <span class="quality-bars" aria-hidden="true" />
            {words.quality[speaking.quality.verdict]}
          </span>
        ) : null}
      </div>
      <h1 ref={heading} tabIndex={-1}>
        {space.title}
      </h1>
    </header>
  );
}

function WhereYouStand(props: { entry: Entry; speaking: Speaking; startOver: () => void }) {
  const { entry, speaking, startOver } = props;
  const words = useWords(STUDIO_WORDS);
  const { state } = speaking;
  const back = (
    <button type="button" class="button button-primary" onClick={startOver}>
      {words.again}
    </button>
  );
  const house = (
    <a class="button" href={`/${entry.space.id}`}>
      {state.phase === 'ended' ? words.replay : words.justListen}
    </a>
  );
  switch (state.phase) {
    case 'connecting':
    case 'reconnecting':
      return (
        <p class="notice" role="status">
          {state.phase === 'connecting' ? words.connecting : words.reconnecting}
        </p>
      );
    case 'left':
    case 'ended':
      return (
        <div class="notice" role="status">
          <p>{state.phase === 'left' ? words.left : words.endedTitle}</p>
          <div class="row">
            {state.phase === 'left' ? back : null}
            {house}
          </div>
        </div>
      );
    case 'failed': {
      const elsewhere = state.code === 'already_on_stage' || state.code === 'host_seat_taken';
      return (
        <Notice code={state.code}>
          <div class="row">
            {elsewhere ? (
              <button
                type="button"
                class="button button-primary"
                onClick={() => void speaking.takeOver()}
              >
                {state.code === 'host_seat_taken' ? words.takeSeat : words.moveHere}
              </button>
            ) : (
              back
            )}
            {house}
          </div>
        </Notice>
      );
    }
    default:
      return null;
  }
}

function StagePicture({ speaking }: { speaking: Speaking }) {
  const lamps = speaking.roster
    .filter((seat) => seat.place === 'stage')
    .map((seat) =>
      seat.muted ? 0.1 : 0.25 + Math.min(0.75, (speaking.levels[seat.id] ?? 0) * 2.5),
    );
  const key = lamps.map((lamp) => lamp.toFixed(1)).join();
  const light = useMemo<HouseLight>(
    () => ({
      level: () => Math.min(1, speaking.programmeLevel * 2.5),
      lamps: key === '' ? [] : key.split(',').map(Number),
      houseLights: 0.2,
      seated: false,
    }),
    [speaking, key],
  );
  return (
    <div class="room-house">
      <House light={light} />
    </div>
  );
}

function Settings({ speaking }: { speaking: Speaking }) {
  const words = useWords(STUDIO_WORDS);
  return (
    <details class="panel">
      <summary>{words.settings}</summary>
      <div class="stack">
        <MicrophoneSettings speaking={speaking} />
        <Slider
          label={words.stageVolume}
          value={speaking.volume}
          change={(value) => {
            speaking.volume = value;
          }}
        />
      </div>
    </details>
  );
}
