/**
 * A level as a bar, moved outside of the framework thirty times a second, five for those who prefer
 * stillness; told in words elsewhere.
 */
import { useEffect, useRef } from 'preact/hooks';
import { prefersStillness } from '../ui/look.ts';

/** Time between two positions, ms, and the share of the way down in each. */
const SMOOTH = { everyMs: 33, fall: 0.26 };
const STEPPED = { everyMs: 200, fall: 1 };

/** −60 dBFS is an empty bar, 0 dBFS a full one. */
export function barOfLevel(level: number): number {
  if (!(level > 0)) return 0;
  return Math.max(0, Math.min(1, 1 + (20 * Math.log10(level)) / 60));
}

export function Meter({ read }: { read: () => number }) {
  const bar = useRef<HTMLDivElement>(null);
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    const { everyMs, fall } = prefersStillness() ? STEPPED : SMOOTH;
    let shown = 0;
    const timer = window.setInterval(() => {
      const now = barOfLevel(latest.current());
      shown = now > shown ? now : shown + (now - shown) * fall;
      bar.current?.style.setProperty('--level', shown.toFixed(3));
    }, everyMs);
    return () => window.clearInterval(timer);
  }, []);
  return <div ref={bar} class="meter" aria-hidden="true" />;
}
