/** When a new space starts: day and time, the zone they are meant in, and how long before the doors open. */
import { useContext, useState } from 'preact/hooks';
import { LanguageContext, useWords } from '../i18n/context.ts';
import { dateText } from '../ui/time.ts';
import { momentIn, ownZone, zoneChoices } from '../ui/zone.ts';
import { HOME_WORDS } from './words.ts';

const DOORS_MINUTES = 10;

export function StartFields() {
  const words = useWords(HOME_WORDS);
  const language = useContext(LanguageContext);
  const [wall, setWall] = useState('');
  const [zone, setZone] = useState(ownZone);
  const atMs = momentIn(zone, wall);
  return (
    <fieldset class="start-fields">
      <legend class="visually-hidden">{words.startsAt}</legend>
      <label class="labelled">
        <span>{words.startsAt}</span>
        <input
          class="field"
          type="datetime-local"
          name="startsAt"
          aria-describedby="starts-hint"
          onInput={(event) => setWall(event.currentTarget.value)}
        />
      </label>
      <label class="labelled">
        <span>{words.zone}</span>
        <select
          class="field"
          name="zone"
          value={zone}
          onChange={(event) => setZone(event.currentTarget.value)}
        >
          {zoneChoices().map((choice) => (
            <option key={choice} value={choice}>
              {choice.replaceAll('_', ' ')}
            </option>
          ))}
        </select>
      </label>
      <label class="labelled">
        <span>{words.doorsMinutes}</span>
        <input
          class="field"
          type="number"
          name="doorsMinutes"
          min="0"
          max="1440"
          defaultValue={DOORS_MINUTES}
        />
      </label>
      <p id="starts-hint" class="soft small start-hint" aria-live="polite">
        {atMs === null ? words.startsAtHint : words.startsFor(dateText(atMs, Date.now(), language))}
      </p>
    </fieldset>
  );
}
