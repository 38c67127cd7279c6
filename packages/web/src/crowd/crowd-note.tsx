/**
 * Told to who runs a house while newcomers are given less than the space's own; nothing stands there
 * otherwise. A new step is said aloud once; how long, and how many wait, is there to be read.
 */
import type { NowServing } from '@parterre/protocol';
import { useContext, useEffect, useState } from 'preact/hooks';
import { useSpace } from '../api/public-space.ts';
import { ask, type ToldSpace } from '../api/space-now.ts';
import { LanguageContext, useWords } from '../i18n/context.ts';
import { Icon } from '../ui/icons.tsx';
import { crowdFacts, crowdText, isNoticed } from './crowd-text.ts';
import './crowd.css';
import { CROWD_WORDS } from './words.ts';

/** @param told as it was last heard, a new object each time */
export function CrowdNote({ told }: { told: ToldSpace }) {
  const words = useWords(CROWD_WORDS);
  const language = useContext(LanguageContext);
  const line = useLine(told);
  const text = crowdText(words, told);
  const facts = text === null ? '' : crowdFacts(words, told, line, Date.now(), language);
  const noticed = isNoticed(told);
  const sentence =
    text === null ? null : (
      <p class="crowd-word">
        <Icon name="alert" />
        {text}
      </p>
    );
  return (
    <div class={text === null ? 'crowd crowd-none' : 'crowd'}>
      <div role="status">{noticed ? sentence : null}</div>
      {noticed ? null : sentence}
      {facts === '' ? null : <p class="crowd-facts soft small figures">{facts}</p>}
    </div>
  );
}

/** The same where the page follows no space yet. */
export function FollowedCrowd({ space }: { space: string }) {
  const { space: told } = useSpace(space);
  return told === null ? null : <CrowdNote told={told} />;
}

/** How the line stands, asked each time the space was heard of while there is one. */
function useLine(told: ToldSpace): NowServing | null {
  const [line, setLine] = useState<NowServing | null>(null);
  useEffect(() => {
    if (told.overflow !== 'line') return setLine(null);
    let here = true;
    ask<NowServing>(`/gate/${encodeURIComponent(told.id)}`).then(
      (found) => here && setLine(found),
      () => {}, // what was known last stays; it is asked again
    );
    return () => {
      here = false;
    };
  }, [told]);
  return line;
}
