/** A level as a bar, moved outside of the framework sixty times a second; told in words elsewhere. */
import { useEffect, useRef } from 'preact/hooks';

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
    let frame = 0;
    let shown = 0;
    const step = () => {
      const now = barOfLevel(latest.current());
      shown = now > shown ? now : shown + (now - shown) * 0.14;
      bar.current?.style.setProperty('--level', shown.toFixed(3));
      frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, []);
  return <div ref={bar} class="meter" aria-hidden="true" />;
}
