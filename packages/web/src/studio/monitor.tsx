/** What the house hears, for somebody on stage, on request and quietly; when it is silent, why. */
import { type Listening, listen, type Speaking } from '@parterre/client';
import type { SpaceState } from '@parterre/protocol';
import { useEffect, useState } from 'preact/hooks';
import { useWords } from '../i18n/context.ts';
import { Notice } from '../ui/notice.tsx';
import { Slider } from './slider.tsx';
import { STUDIO_WORDS } from './words.ts';

/** Of full scale, until it is moved. */
const VOLUME = 0.3;

interface MonitorProps {
  readonly speaking: Speaking;
  readonly space: string;
  readonly state: SpaceState;
}

export function Monitor({ speaking, space, state }: MonitorProps) {
  const words = useWords(STUDIO_WORDS);
  const [monitor, setMonitor] = useState<Listening | null>(null);
  const [volume, setVolume] = useState(VOLUME);
  const [, redraw] = useState(0);
  useEffect(() => {
    if (monitor === null) return;
    const forget = monitor.subscribe(() => redraw((count) => count + 1));
    return () => {
      forget();
      monitor.stop();
    };
  }, [monitor]);
  const turn = () => {
    if (monitor !== null) return setMonitor(null);
    const started = listen({ space, mediaSession: false });
    started.volume = volume;
    void started.play();
    setMonitor(started);
  };
  const heard = monitor?.state;
  const early = state === 'scheduled';
  const headphones = monitor !== null && speaking.microphone.phase === 'open';
  return (
    <section class="panel stack" aria-labelledby="monitor-title">
      <h2 id="monitor-title">{words.monitor}</h2>
      <p class="soft small" role="status">
        {early ? words.monitorWaits : words.monitorLead}
      </p>
      <button type="button" class="button" disabled={early} onClick={turn}>
        {monitor === null ? words.monitorOn : words.monitorOff}
      </button>
      {heard?.phase === 'failed' ? <Notice code={heard.code} /> : null}
      {headphones ? (
        <p class="small warn" role="status">
          {words.monitorWarn}
        </p>
      ) : null}
      {monitor === null ? null : (
        <Slider
          label={words.monitorVolume}
          value={volume}
          change={(value) => {
            setVolume(value);
            monitor.volume = value;
          }}
        />
      )}
    </section>
  );
}
