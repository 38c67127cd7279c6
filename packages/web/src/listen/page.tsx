/**
 * What `/{space}` shows: chosen from what the edge says of the space and what the player hears. The
 * player's own snapshot is newer than the edge's answer and wins while it plays. Never blank: an unknown
 * space, a server away and a browser without sound each have their words and their way out.
 */
import type { Listening } from '@parterre/client';
import type { PublicSpace } from '@parterre/protocol';
import type { ComponentType } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';
import { type Following, useSpace } from '../api/public-space.ts';
import { replayComes, type SpaceFollower } from '../api/space-follower.ts';
import { LanguageContext, useWords } from '../i18n/context.ts';
import { SHELL_WORDS } from '../i18n/shell-words.ts';
import { House } from '../ui/house.tsx';
import { Notice } from '../ui/notice.tsx';
import { useSecondTick } from '../ui/ticking.ts';
import { dateText } from '../ui/time.ts';
import { Auditorium } from './auditorium.tsx';
import { useListening } from './use-listening.ts';
import { LISTEN_WORDS } from './words.ts';

const DARK_HOUSE = { level: () => 0, lamps: [], houseLights: 0.4, seated: false };

interface ListenPageProps {
  readonly listening: Listening;
  /** Follows the space already. */
  readonly follower: SpaceFollower;
}

export function ListenPage({ listening, follower }: ListenPageProps) {
  useListening(listening);
  const { id } = follower;
  const [at, setAt] = useState(id);
  const following = useSpace(at, follower);
  const words = useWords(LISTEN_WORDS);
  const heardEnd = listening.state.phase === 'ended';
  const { space, again } = following;
  useEffect(() => {
    if (heardEnd) again();
  }, [heardEnd, again]);
  useEffect(() => {
    if (space !== null) document.title = words.pageTitle(space.title);
  }, [space, words]);
  // Whoever comes after it all was over wants this space's recording, not its successor's.
  const wasOpen = useRef<string | null>(null);
  if (space !== null && space.state !== 'ended') wasOpen.current = space.id;
  const given =
    space?.state === 'ended' && wasOpen.current === space.id ? (space.successor ?? null) : null;
  const heardIn = listening.space;
  // The audience goes on there: so does the page, without a reload.
  useEffect(() => setAt(heardIn), [heardIn]);
  useEffect(() => {
    if (given !== null) setAt(given);
  }, [given]);
  useEffect(() => {
    if (at !== id) history.replaceState(null, '', `/${encodeURIComponent(at)}`);
  }, [at, id]);
  if (space === null) return <NotKnown following={following} />;
  if ((space.state === 'ended' && given === null) || heardEnd)
    return <Ended space={space} following={following} />;
  return <Auditorium space={space} following={following} listening={listening} />;
}

/** Nothing is known of the space: still loading, no such space, or no way to the server. */
function NotKnown({ following }: { following: Following }) {
  const words = useWords(LISTEN_WORDS);
  const shell = useWords(SHELL_WORDS);
  useSecondTick(following.problem !== null);
  const leftMs = (following.nextTryAtMs ?? 0) - Date.now();
  return (
    <section class="auditorium">
      {following.problem === null ? (
        <p class="soft" role="status">
          {shell.loading}
        </p>
      ) : (
        <Notice code={following.problem}>
          <div class="row">
            <button type="button" class="button button-primary" onClick={following.again}>
              {shell.tryAgain}
            </button>
            <a class="button" href="/">
              {words.home}
            </a>
            <span class="soft small figures">
              {shell.retryIn(Math.max(0, Math.ceil(leftMs / 1_000)))}
            </span>
          </div>
        </Notice>
      )}
      <div class="house-frame">
        <House light={DARK_HOUSE} />
      </div>
    </section>
  );
}

type ReplayView = ComponentType<{ space: PublicSpace }>;

/** After the end: the replay, whose code is fetched only now, or the word that it is coming. */
function Ended({ space, following }: { space: PublicSpace; following: Following }) {
  const words = useWords(LISTEN_WORDS);
  const language = useContext(LanguageContext);
  const [Replay, setReplay] = useState<ReplayView | null>(null);
  const { replayReady } = space;
  useEffect(() => {
    if (!replayReady) return;
    let wanted = true;
    const fetchView = () => {
      import('../replay/replay.tsx').then(
        ({ Replay: view }) => wanted && setReplay(() => view),
        () => wanted && window.setTimeout(fetchView, 3_000),
      );
    };
    fetchView();
    return () => {
      wanted = false;
    };
  }, [replayReady]);
  if (Replay !== null) return <Replay space={space} />;
  return (
    <section class="auditorium">
      <header class="marquee">
        <h1>{space.title}</h1>
        <p class="soft">{space.host === '' ? null : words.hostedBy(space.host)}</p>
      </header>
      <div class="notice" role="status">
        <p>
          <strong>{words.endedTitle}</strong>{' '}
          {space.endedAtMs === null
            ? null
            : words.endedAt(dateText(space.endedAtMs, following.nowMs(), language))}
        </p>
        <p class="soft">
          {replayComes(space, following.nowMs()) ? words.replayComing : words.noReplay}
        </p>
      </div>
      <div class="house-frame">
        <House light={DARK_HOUSE} />
      </div>
    </section>
  );
}
