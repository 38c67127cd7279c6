/**
 * The recording on the listener page: one `<audio>` with range requests does the playing; waveform,
 * turns, speed and downloads are around it. When the description cannot be fetched the sound still plays.
 * Nothing of the file is loaded before it is played: the length is in the description, and WebKitGTK
 * 2.50 does not seek in a file that was opened with `preload="metadata"`.
 */
import type { PublicSpace } from '@parterre/protocol';
import { useContext, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import './replay.css';
import { LanguageContext, useWords } from '../i18n/context.ts';
import { keep, kept } from '../i18n/language.ts';
import { House, type HouseLight } from '../ui/house.tsx';
import { Icon } from '../ui/icons.tsx';
import { clockText, dateText } from '../ui/time.ts';
import { levelAt, type Recording, readRecording, speakersAt, voicesOf } from './recording.ts';
import { Turns } from './turns.tsx';
import { Waveform } from './waveform.tsx';
import { REPLAY_WORDS } from './words.ts';

const SPEEDS = [0.75, 1, 1.25, 1.5, 2] as const;
const BACK_MS = 15_000;
const FORWARD_MS = 30_000;

type Fetched = { readonly recording: Recording | null; readonly settled: boolean };

function useRecording(base: string): Fetched {
  const [fetched, setFetched] = useState<Fetched>({ recording: null, settled: false });
  useEffect(() => {
    const leaving = new AbortController();
    fetch(`${base}.json`, { signal: leaving.signal })
      .then((response) => (response.ok ? response.json() : null))
      .catch(() => null)
      .then((body) => {
        if (!leaving.signal.aborted) setFetched({ recording: readRecording(body), settled: true });
      });
    return () => leaving.abort();
  }, [base]);
  return fetched;
}

/** Says on the lock screen what plays, with its buttons. */
function useMediaSession(space: PublicSpace, audio: { readonly current: HTMLAudioElement | null }) {
  useEffect(() => {
    if (!('mediaSession' in navigator)) return;
    const { mediaSession } = navigator;
    mediaSession.metadata = new MediaMetadata({ title: space.title, artist: space.host });
    const jump = (byMs: number) => () => {
      if (audio.current !== null) audio.current.currentTime += byMs / 1_000;
    };
    mediaSession.setActionHandler('seekbackward', jump(-BACK_MS));
    mediaSession.setActionHandler('seekforward', jump(FORWARD_MS));
    return () => {
      mediaSession.metadata = null;
      mediaSession.setActionHandler('seekbackward', null);
      mediaSession.setActionHandler('seekforward', null);
    };
  }, [space, audio]);
}

export function Replay({ space }: { space: PublicSpace }) {
  const words = useWords(REPLAY_WORDS);
  const language = useContext(LanguageContext);
  const base = `/spaces/${encodeURIComponent(space.id)}/replay`;
  const { recording, settled } = useRecording(base);
  const audio = useRef<HTMLAudioElement>(null);
  const [atMs, setAtMs] = useState(0);
  const [playing, setPlaying] = useState(false);
  const [failed, setFailed] = useState(false);
  useMediaSession(space, audio);
  const seek = (ms: number) => {
    if (audio.current === null) return;
    audio.current.currentTime = ms / 1_000;
    setAtMs(ms);
  };
  const playFrom = (ms: number) => {
    seek(ms);
    audio.current?.play().catch((error: Error) => {
      // Somebody who presses Pause before the sound has come is told nothing.
      if (error.name !== 'AbortError') setFailed(true);
    });
  };
  const again = () => {
    setFailed(false);
    audio.current?.load();
    playFrom(atMs);
  };
  const durationMs = recording?.durationMs ?? 0;
  return (
    <section class="auditorium replay">
      <header class="marquee">
        <div class="row">
          <span class="pill">{words.replay}</span>
          <span class="soft small">
            {space.liveAtMs === null
              ? null
              : words.recordedOn(dateText(space.liveAtMs, Date.now(), language))}
          </span>
        </div>
        <h1>{space.title}</h1>
        <p class="soft">{space.host === '' ? null : words.hostedBy(space.host)}</p>
      </header>
      <div class="house-frame replay-house">
        <ReplayPicture recording={recording} audio={audio} playing={playing} atMs={atMs} />
      </div>
      {/* biome-ignore lint/a11y/useMediaCaption: the recording has no captions; who speaks is listed. */}
      <audio
        ref={audio}
        src={`${base}.mp4`}
        preload="none"
        controls={settled && recording === null}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onTimeUpdate={(event) => setAtMs(event.currentTarget.currentTime * 1_000)}
        onError={() => setFailed(true)}
        onLoadedMetadata={(event) => {
          setFailed(false);
          event.currentTarget.playbackRate = keptSpeed();
        }}
      />
      <div class="waveform-frame" aria-busy={!settled}>
        {recording === null ? null : <Waveform recording={recording} atMs={atMs} seek={seek} />}
        {settled ? null : <p class="soft small">{words.loading}</p>}
      </div>
      <div class="replay-bar">
        <span class="figures replay-clock">
          {clockText(atMs)} <span class="soft">/ {clockText(durationMs)}</span>
        </span>
        <div class="row replay-transport">
          <button
            type="button"
            class="button"
            aria-label={words.back}
            onClick={() => seek(Math.max(0, atMs - BACK_MS))}
          >
            −15 s
          </button>
          <button
            type="button"
            class="button button-primary replay-play"
            onClick={() => {
              if (playing) audio.current?.pause();
              else playFrom(durationMs > 0 && atMs >= durationMs - 200 ? 0 : atMs);
            }}
          >
            <Icon name={playing ? 'pause' : 'play'} />
            {playing ? words.pause : words.play}
          </button>
          <button
            type="button"
            class="button"
            aria-label={words.forward}
            onClick={() => seek(Math.min(durationMs, atMs + FORWARD_MS))}
          >
            +30 s
          </button>
        </div>
        <Speed audio={audio} />
      </div>
      {failed ? <Broken retry={again} /> : null}
      <div class="row replay-files">
        <span class="soft small">{words.download}</span>
        <a class="button" href={`${base}.mp4`} download={`${space.id}.mp4`}>
          <Icon name="download" />
          {words.mp4}
        </a>
        <a class="button" href={`${base}.ogg`} download={`${space.id}.ogg`}>
          <Icon name="download" />
          {words.ogg}
        </a>
      </div>
      {recording === null ? null : <Turns recording={recording} atMs={atMs} playFrom={playFrom} />}
    </section>
  );
}

function Broken({ retry }: { retry: () => void }) {
  const words = useWords(REPLAY_WORDS);
  return (
    <div class="notice notice-bad" role="alert">
      <div>
        <p>
          <strong>{words.brokenTitle}</strong>
        </p>
        <p class="soft">{words.brokenRemedy}</p>
      </div>
      <button type="button" class="button" onClick={retry}>
        {words.tryAgain}
      </button>
    </div>
  );
}

function keptSpeed(): number {
  const speed = Number(kept('parterre.speed'));
  return SPEEDS.find((known) => known === speed) ?? 1;
}

function Speed({ audio }: { audio: { readonly current: HTMLAudioElement | null } }) {
  const words = useWords(REPLAY_WORDS);
  const [speed, setSpeed] = useState(keptSpeed);
  return (
    <label class="speed">
      <span class="soft small">{words.speed}</span>
      <select
        class="field"
        value={String(speed)}
        onChange={(event) => {
          const chosen = Number(event.currentTarget.value);
          if (audio.current !== null) audio.current.playbackRate = chosen;
          keep('parterre.speed', String(chosen));
          setSpeed(chosen);
        }}
      >
        {SPEEDS.map((choice) => (
          <option key={choice} value={String(choice)}>
            {`${choice}×`}
          </option>
        ))}
      </select>
    </label>
  );
}

interface PictureProps {
  readonly recording: Recording | null;
  readonly audio: { readonly current: HTMLAudioElement | null };
  readonly playing: boolean;
  readonly atMs: number;
}

function ReplayPicture({ recording, audio, playing, atMs }: PictureProps) {
  const voices = useMemo(
    () => (recording === null ? [] : voicesOf(recording).slice(0, 8)),
    [recording],
  );
  const now = recording === null ? [] : speakersAt(recording, atMs);
  const lamps = voices.map((voice) => (playing && now.includes(voice) ? 1 : 0.2)).join();
  const light = useMemo<HouseLight>(
    () => ({
      level: () =>
        playing && recording !== null
          ? levelAt(recording, (audio.current?.currentTime ?? 0) * 1_000) ** 0.5
          : 0,
      lamps: lamps === '' ? [] : lamps.split(',').map(Number),
      houseLights: playing ? 0.15 : 0.6,
      seated: playing,
    }),
    [recording, audio, playing, lamps],
  );
  return <House light={light} />;
}
