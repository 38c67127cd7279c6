/** The owner's part of the home page: the form for a new space, those there are, and the capacity. */
import type { OwnedSpace } from '@parterre/protocol/schemas';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { asProblem, type Problem, rest } from '../api/rest.ts';
import { useWords } from '../i18n/context.ts';
import { SHELL_WORDS } from '../i18n/shell-words.ts';
import { Notice } from '../ui/notice.tsx';
import { CapacityCard } from './capacity-card.tsx';
import { CreateSpaceForm } from './create-space.tsx';
import { SpaceCard } from './space-card.tsx';
import { HOME_WORDS } from './words.ts';

const REFRESH_MS = 10_000;

export function OwnerDesk({ leave }: { leave: () => void }) {
  const words = useWords(HOME_WORDS);
  const shell = useWords(SHELL_WORDS);
  const [spaces, setSpaces] = useState<readonly OwnedSpace[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const refresh = useCallback(async () => {
    try {
      setSpaces(await rest.spaces());
      setProblem(null);
    } catch (thrown) {
      setProblem(asProblem(thrown));
    }
  }, []);
  useEffect(() => {
    void refresh();
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') void refresh();
    }, REFRESH_MS);
    return () => window.clearInterval(timer);
  }, [refresh]);
  return (
    <div class="desk">
      <CreateSpaceForm created={() => void refresh()} />
      <section class="stack" aria-labelledby="spaces-title">
        <div class="row desk-head">
          <h2 id="spaces-title">{words.yourSpaces}</h2>
          <button type="button" class="button button-plain" onClick={leave}>
            {words.signOut}
          </button>
        </div>
        {problem === null ? null : (
          <Notice code={problem.code} detail={problem.detail}>
            <button type="button" class="button" onClick={() => void refresh()}>
              {shell.tryAgain}
            </button>
          </Notice>
        )}
        {spaces === null && problem === null ? <p class="soft">{shell.loading}</p> : null}
        {spaces?.length === 0 ? <p class="soft">{words.noSpaces}</p> : null}
        <ul class="space-list">
          {(spaces ?? []).map((space) => (
            <li key={space.id}>
              <SpaceCard space={space} changed={() => void refresh()} />
            </li>
          ))}
        </ul>
      </section>
      <CapacityCard />
    </div>
  );
}
