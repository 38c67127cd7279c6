/** Words for who runs a house that runs short: what those who come now are given, and why. */
import type { OverflowWord } from '@parterre/protocol';
import type { Dictionary } from '../i18n/language.ts';

type Step = Exclude<OverflowWord['overflow'], 'none'>;
type Cause = NonNullable<OverflowWord['overflowBy']>;

const en = {
  why: {
    work: 'This server is very busy.',
    places: 'Most places are taken.',
    egress: 'The server’s bandwidth is nearly used up.',
  } satisfies Record<Cause, string> as Record<Cause, string>,
  what: {
    flush: 'The sound goes out in larger pieces; nobody hears a difference.',
    far: 'Whoever comes now hears the stage some ten seconds late.',
    hls: 'Whoever comes now listens through the cache, some ten seconds late.',
    voice24: 'Whoever comes now hears at 24 kbit/s, or through the cache where the house has one.',
    line: 'Every place is taken. Whoever comes now waits in line.',
  } satisfies Record<Step, string> as Record<Step, string>,
  kept: 'Those who are in keep what they have; you need do nothing.',
  since: (when: string) => `Since ${when}.`,
  waiting: (people: number): string =>
    people === 1 ? 'One person waits.' : `${people} people wait.`,
  pace: (perMinute: number): string => `About ${perMinute} a minute get their turn.`,
};
const fr: typeof en = {
  why: {
    work: 'Ce serveur est très chargé.',
    places: 'La plupart des places sont prises.',
    egress: 'Le débit de ce serveur est presque épuisé.',
  },
  what: {
    flush: 'Le son part en plus gros morceaux\u00a0; personne n’entend de différence.',
    far: 'Qui arrive maintenant entend la scène avec une dizaine de secondes de retard.',
    hls: 'Qui arrive maintenant écoute par le cache, avec une dizaine de secondes de retard.',
    voice24: 'Qui arrive maintenant écoute à 24 kbit/s, ou par le cache là où la salle en a un.',
    line: 'Toutes les places sont prises. Qui arrive maintenant attend dans la file.',
  },
  kept: 'Ceux qui sont déjà là gardent ce qu’ils ont\u00a0; vous n’avez rien à faire.',
  since: (when) => `Depuis ${when}.`,
  waiting: (people) => (people < 2 ? 'Une personne attend.' : `${people} personnes attendent.`),
  pace: (perMinute) => `Environ ${perMinute} par minute ont leur tour.`,
};
export const CROWD_WORDS: Dictionary<typeof en> = { en, fr };
export type CrowdWords = typeof en;
