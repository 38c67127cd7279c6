/** The way from the foyer into the auditorium: fetched when the browser is idle, opened when somebody goes in. */
import './auditorium.css';
import { listen } from '@parterre/client';
import { mount } from '../ui/mount.tsx';
import type { Handed } from './handed.ts';
import { ListenPage } from './page.tsx';

export function open({ shell, follower, element, queue, seat, play }: Handed): void {
  const listening = listen({
    space: follower.id,
    element,
    ...(queue === null ? {} : { queue }),
    ...(seat === null ? {} : { seat }),
  });
  // Before anything is drawn: this may be the press itself.
  if (play) void listening.play();
  const focused =
    shell.main.contains(document.activeElement) && document.activeElement !== shell.main;
  mount(<ListenPage listening={listening} follower={follower} />, shell);
  if (focused)
    shell.main.querySelector<HTMLElement>('.listen-button')?.focus({ preventScroll: true });
}
