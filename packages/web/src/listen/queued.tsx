/** A place in line inside Preact's tree: for who came in by the auditorium and found every place taken. */
import type { Place } from '@parterre/client/waiting';
import { useContext } from 'preact/hooks';
import { LanguageContext } from '../i18n/context.ts';
import { Plain } from '../ui/plain.tsx';
import { lineView } from './line-view.ts';
import { onAirView } from './on-air.ts';

export function QueuedPlace({ place, space }: { place: Place; space: string }) {
  const language = useContext(LanguageContext);
  return (
    <>
      <Plain key={language} make={() => lineView(space, language)} state={place} />
      <Plain key={`${language} stage`} make={() => onAirView(space, language)} state={place} />
    </>
  );
}
