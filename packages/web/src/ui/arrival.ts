/**
 * A new step of a page begins at its top, and its heading takes the focus, so that those who hear the
 * page are told and those who use keys go on from there.
 */
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** For an `<h1 tabIndex={-1}>`: focused once, when it appears. */
export function useArrival(): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    window.scrollTo(0, 0);
    heading.current?.focus({ preventScroll: true });
  }, []);
  return heading;
}
