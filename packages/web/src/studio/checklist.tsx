/**
 * What should be green before the start, for who runs the space: asked again every few seconds until it is
 * live. A colour is never alone: each point has a sign and a sentence.
 */
import type { PublicSpace } from '@parterre/protocol';
import type { Checklist } from '@parterre/protocol/schemas';
import { useEffect, useState } from 'preact/hooks';
import { rest } from '../api/rest.ts';
import { useWords } from '../i18n/context.ts';
import { Icon } from '../ui/icons.tsx';
import { CHECKLIST_WORDS } from './checklist-words.ts';

const ASK_MS = 5_000;

/** @param pass a host's pass; the owner's cookie serves otherwise */
export function ChecklistPanel({ space, pass }: { space: PublicSpace; pass: string | undefined }) {
  const words = useWords(CHECKLIST_WORDS);
  const [checklist, setChecklist] = useState<Checklist | null>(null);
  const { id } = space;
  useEffect(() => {
    let here = true;
    const ask = () => {
      rest.checklist(id, pass).then(
        (found) => here && setChecklist(found),
        () => {}, // what was found last stays; it is asked again
      );
    };
    ask();
    const timer = window.setInterval(ask, ASK_MS);
    return () => {
      here = false;
      window.clearInterval(timer);
    };
  }, [id, pass]);
  if (checklist === null) return null;
  const open = checklist.points.filter(({ verdict }) => verdict !== 'good').length;
  return (
    <section class="panel stack" aria-labelledby="checklist-title">
      <h2 id="checklist-title">{words.title}</h2>
      <p class="soft small" role="status">
        {open === 0 ? words.allGood : words.open(open)}
      </p>
      <ul class="checklist">
        {checklist.points.map((point) => {
          const good = point.verdict === 'good';
          return (
            <li key={point.id} class={`check-point check-${point.verdict}`}>
              <Icon name={good ? 'check' : 'alert'} />
              <span>
                <strong>{words.points[point.id]}</strong>
                <span class="visually-hidden"> {words.verdicts[point.verdict]}</span>
                <br />
                <span class={good ? 'soft small' : 'small'}>
                  {words.found[point.id]?.[point.found]?.(point.figure ?? 0) ?? point.found}
                </span>
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
