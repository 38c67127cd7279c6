/** One space of the owner: its state and time, the way into it, its links, and its removal. */
import type { OwnedSpace } from '@parterre/protocol/schemas';
import { useContext, useState } from 'preact/hooks';
import { asProblem, type Problem, rest } from '../api/rest.ts';
import { FollowedCrowd } from '../crowd/crowd-note.tsx';
import { LanguageContext, useWords } from '../i18n/context.ts';
import { AskFirst } from '../ui/ask-first.tsx';
import { CopyLink } from '../ui/copy-link.tsx';
import { Notice, StatePill } from '../ui/notice.tsx';
import { dateText, driftWord } from '../ui/time.ts';
import { GroupsPanel } from './groups.tsx';
import { HOME_WORDS } from './words.ts';

export function SpaceCard({ space, changed }: { space: OwnedSpace; changed: () => void }) {
  const words = useWords(HOME_WORDS);
  const [problem, setProblem] = useState<Problem | null>(null);
  const attempt = async (work: () => Promise<unknown>) => {
    setProblem(null);
    try {
      await work();
      changed();
    } catch (thrown) {
      setProblem(asProblem(thrown));
    }
  };
  return (
    <article class="panel space-card">
      <div class="row">
        <StatePill state={space.state} />
        <span class="soft small">
          <When space={space} />
        </span>
      </div>
      <h3 class="space-title">
        <a href={`/${space.id}`}>{space.title}</a>
      </h3>
      {space.state === 'live' || space.state === 'doors' ? (
        <FollowedCrowd space={space.id} />
      ) : null}
      <fieldset class="row space-actions">
        <legend class="visually-hidden">{words.spaceActions(space.title)}</legend>
        {space.state === 'ended' ? (
          <a class="button" href={`/${space.id}`}>
            {space.replayReady ? words.replay : words.open}
          </a>
        ) : (
          <a class="button button-primary" href={`/studio/${space.id}`}>
            {words.studio}
          </a>
        )}
        <CopyLink label={words.copyLink} link={async () => `${location.origin}/${space.id}`} />
        {space.state === 'ended' ? null : (
          <CopyLink
            label={words.invite}
            link={async () =>
              new URL((await rest.invite(space.id, 'speaker', '')).path, location.origin).href
            }
            failed={(thrown) => setProblem(asProblem(thrown))}
          />
        )}
        {space.state === 'live' || space.state === 'doors' ? (
          <AskFirst
            label={words.giveUp}
            question={words.giveUpAsk(space.title)}
            yes={words.giveUpYes}
            act={() => void attempt(() => rest.relaunch(space.id))}
          />
        ) : null}
        <AskFirst
          label={words.remove}
          question={words.removeAsk(space.title)}
          yes={words.removeYes}
          act={() => void attempt(() => rest.remove(space.id))}
        />
      </fieldset>
      {space.state === 'ended' ? null : <GroupsPanel space={space.id} />}
      {problem === null ? null : <Notice code={problem.code} detail={problem.detail} />}
    </article>
  );
}

function When({ space }: { space: OwnedSpace }) {
  const words = useWords(HOME_WORDS);
  const language = useContext(LanguageContext);
  const say = (atMs: number) => dateText(atMs, Date.now(), language);
  if (space.state === 'ended')
    return <>{words.endedWhen(say(space.endedAtMs ?? space.doorsAtMs))}</>;
  if (space.state === 'live') {
    const since = words.liveSince(say(space.liveAtMs ?? space.doorsAtMs));
    const drift = driftWord(words, space.startDriftMs ?? null);
    return <>{drift === null ? since : `${since}, ${drift}`}</>;
  }
  if (space.startsAtMs === null) {
    return <>{space.state === 'doors' ? words.openUntilStarted : words.startsByHost}</>;
  }
  return <>{words.startsWhen(say(space.startsAtMs))}</>;
}
