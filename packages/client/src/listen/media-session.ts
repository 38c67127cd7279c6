/** The lock screen and the media keys: shows the programme and passes their buttons on (Media Session). */
import type { PublicSpace, Snapshot } from '@parterre/protocol';

export interface MediaButtons {
  play(): unknown;
  pause(): void;
  stop(): void;
}

export interface MediaCard {
  /** What is heard now, or what is known of the space before anything is. */
  show(snapshot: Snapshot | null, space: PublicSpace | null): void;
  playing(state: MediaSessionPlaybackState): void;
  clear(): void;
}

const NO_CARD: MediaCard = { show() {}, playing() {}, clear() {} };

/** The page's media session; one that does nothing where the browser has none. */
export function openMediaCard(buttons: MediaButtons): MediaCard {
  const session = globalThis.navigator?.mediaSession;
  if (session === undefined || typeof MediaMetadata !== 'function') return NO_CARD;
  let shown = '';
  const actions = ['play', 'pause', 'stop'] as const;
  for (const action of actions) handle(session, action, () => buttons[action]());
  return {
    show(snapshot, space) {
      const about = snapshot ?? space;
      if (about === null) return;
      const { title, host } = about;
      const voices = snapshot?.seats.filter((seat) => seat.speaking) ?? [];
      const speaking = voices.map(({ name }) => name).join(', ');
      const key = JSON.stringify([title, host, speaking]);
      if (key === shown) return;
      shown = key;
      session.metadata = new MediaMetadata({ title, artist: speaking || host, album: host });
    },
    playing(state) {
      session.playbackState = state;
    },
    clear() {
      shown = '';
      session.metadata = null;
      session.playbackState = 'none';
      for (const action of actions) handle(session, action, null);
    },
  };
}

/** Browsers throw for actions they do not know. */
function handle(
  session: MediaSession,
  action: MediaSessionAction,
  handler: MediaSessionActionHandler | null,
): void {
  try {
    session.setActionHandler(action, handler);
  } catch {
    // Without the button, the page's own still works.
  }
}
