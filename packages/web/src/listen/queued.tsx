/** A place in line inside Preact's tree: for who came in by the auditorium and found every place taken. */
import type { Place } from '@parterre/client/waiting';
import { useContext } from 'preact/hooks';
import { LanguageContext } from '../i18n/context.ts';
import { Plain } from '../ui/plain.tsx';
import { lineView } from './line-view.ts';
import { onAirView } from './on-air.ts';

interface QueuedProps {
  readonly place: Place;
  readonly space: string;
}

export function QueuedLine({ place, space }: QueuedProps) {
  const language = useContext(LanguageContext);
  return <Plain key={language} make={() => lineView(space, language)} state={place} />;
}

/** Who speaks, while nothing is heard. */
export function QueuedStage({ place, space }: QueuedProps) {
  const language = useContext(LanguageContext);
  return <Plain key={language} make={() => onAirView(space, language)} state={place} />;
}
