/** The lock screen and the media keys: shows the programme and passes their buttons on (Media Session). */

export interface MediaButtons {
  play(): void;
  pause(): void;
  stop(): void;
}

export interface MediaCard {
  show(title: string, host: string, speaking: string): void;
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
    show(title, host, speaking) {
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
