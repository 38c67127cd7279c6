/** A view without a framework inside Preact's tree: made once, shown each state before it is painted. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { View } from './dom.ts';

interface PlainProps<S> {
  readonly make: () => View<S> & { resize?(): void };
  readonly state: S;
}

export function Plain<S>({ make, state }: PlainProps<S>) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<View<S> | null>(null);
  useLayoutEffect(() => {
    const made = make();
    view.current = made;
    host.current?.append(made.element);
    made.resize?.();
    return () => {
      made.close?.();
      made.element.remove();
    };
  }, []);
  useLayoutEffect(() => view.current?.show(state), [state]);
  return <div class="plain" ref={host} />;
}
