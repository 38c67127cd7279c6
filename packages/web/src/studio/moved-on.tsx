/** On the stage of a space that was given up: where everybody is now, and the way there. */
import type { PublicSpace } from '@parterre/protocol';
import { useWords } from '../i18n/context.ts';
import type { Dictionary } from '../i18n/language.ts';

const en = {
  moved: 'This space was given up; its audience is in the new one.',
  toStudio: 'To the new studio',
  askInvite: 'To speak there, ask the host for a new invitation.',
  listen: 'Listen there',
};
const fr: typeof en = {
  moved: 'Cet espace a été abandonné ; son public est dans le nouveau.',
  toStudio: 'Vers le nouveau studio',
  askInvite: 'Pour y parler, demandez une nouvelle invitation à l’hôte.',
  listen: 'Y écouter',
};
const MOVED_WORDS: Dictionary<typeof en> = { en, fr };

/** @param owner who needs no invitation */
export function MovedOn({ space, owner }: { space: PublicSpace; owner: boolean }) {
  const words = useWords(MOVED_WORDS);
  const { successor } = space;
  if (successor == null) return null;
  return (
    <div class="notice" role="status">
      <p>
        <strong>{words.moved}</strong>
      </p>
      {owner ? null : <p class="soft">{words.askInvite}</p>}
      <div class="row">
        {owner ? (
          <a class="button button-primary" href={`/studio/${successor}`}>
            {words.toStudio}
          </a>
        ) : (
          <a class="button" href={`/${successor}`}>
            {words.listen}
          </a>
        )}
      </div>
    </div>
  );
}
