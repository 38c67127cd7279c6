/**
 * The waveform as a slider: bars from the recorded peaks, what was heard in limelight, one lane per
 * voice below. Keyboard as in the ARIA slider pattern: arrows 5 s, page keys a minute, Home and End.
 */
import { useEffect, useRef } from 'preact/hooks';
import { useWords } from '../i18n/context.ts';
import { THEME_EVENT } from '../ui/look.ts';
import { clockText } from '../ui/time.ts';
import { barsOf, type Recording, speakersAt, voicesOf } from './recording.ts';
import { REPLAY_WORDS } from './words.ts';

const STEP_MS = 5_000;
const PAGE_MS = 60_000;
const BAR_PITCH_PX = 5;
const BARS_MAX = 400;
const LANES_MAX = 6;
const LANE_PX = 9;

interface WaveformProps {
  readonly recording: Recording;
  readonly atMs: number;
  seek(ms: number): void;
}

/** The position a key leads to, or null when the key means nothing here. */
export function keyTarget(key: string, atMs: number, durationMs: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -STEP_MS,
    ArrowDown: -STEP_MS,
    ArrowRight: STEP_MS,
    ArrowUp: STEP_MS,
    PageDown: -PAGE_MS,
    PageUp: PAGE_MS,
    Home: Number.NEGATIVE_INFINITY,
    End: Number.POSITIVE_INFINITY,
  };
  const step = steps[key];
  return step === undefined ? null : Math.max(0, Math.min(durationMs, atMs + step));
}

function paint(canvas: HTMLCanvasElement, recording: Recording, atMs: number): void {
  const context = canvas.getContext('2d');
  const { clientWidth: width, clientHeight: height } = canvas;
  if (context === null || width === 0) return;
  const scale = Math.min(2, window.devicePixelRatio || 1);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  context.scale(scale, scale);
  const style = getComputedStyle(canvas);
  const ahead = style.getPropertyValue('--line-strong').trim();
  const heard = style.getPropertyValue('--seat-lit').trim();
  const voices = voicesOf(recording).slice(0, LANES_MAX);
  const waveHeight = height - voices.length * LANE_PX - 8;
  const bars = barsOf(recording, Math.min(BARS_MAX, Math.floor(width / BAR_PITCH_PX)));
  const pitch = width / Math.max(1, bars.length);
  const headX = (atMs / Math.max(1, recording.durationMs)) * width;
  bars.forEach((bar, index) => {
    const x = index * pitch;
    const tall = Math.max(3, bar * waveHeight * 0.94);
    context.fillStyle = x + pitch / 2 <= headX ? heard : ahead;
    context.beginPath();
    context.roundRect(x + 0.5, (waveHeight - tall) / 2, Math.max(1.5, pitch - 2), tall, 2);
    context.fill();
  });
  voices.forEach((voice, lane) => {
    const y = waveHeight + 8 + lane * LANE_PX;
    for (const turn of recording.turns) {
      if (turn.name !== voice) continue;
      const x = (turn.fromMs / recording.durationMs) * width;
      const end = (turn.toMs / recording.durationMs) * width;
      context.fillStyle = x <= headX ? heard : ahead;
      context.fillRect(x, y, Math.max(2, end - x), LANE_PX - 4);
    }
  });
  context.fillStyle = style.getPropertyValue('--ink').trim();
  context.fillRect(Math.max(0, Math.min(width - 2, headX - 1)), 0, 2, height);
}

export function Waveform({ recording, atMs, seek }: WaveformProps) {
  const words = useWords(REPLAY_WORDS);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const again = () => paint(element, recording, atMs);
    again();
    const resizes = new ResizeObserver(again);
    resizes.observe(element);
    window.addEventListener(THEME_EVENT, again);
    return () => {
      resizes.disconnect();
      window.removeEventListener(THEME_EVENT, again);
    };
  }, [recording, atMs]);
  const seekTo = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
    seek(share * recording.durationMs);
  };
  const at = clockText(atMs);
  const who = speakersAt(recording, atMs).join(', ');
  return (
    <div
      class="waveform"
      role="slider"
      tabIndex={0}
      aria-label={words.position}
      aria-valuemin={0}
      aria-valuemax={Math.round(recording.durationMs / 1_000)}
      aria-valuenow={Math.round(atMs / 1_000)}
      aria-valuetext={words.positionText(at, clockText(recording.durationMs), who)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        seekTo(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) seekTo(event);
      }}
      onKeyDown={(event) => {
        const target = keyTarget(event.key, atMs, recording.durationMs);
        if (target === null) return;
        event.preventDefault();
        seek(target);
      }}
    >
      <canvas ref={canvas} class="waveform-canvas" />
    </div>
  );
}
