/** Words of what a visitor meets first: the countdown, the one button, plain reasons. */
import type { Dictionary } from '../i18n/language.ts';

const en = {
  listen: 'Listen',
  beThere: 'I’ll be there',
  stop: 'Stop',
  pageTitle: (title: string) => `${title} · Parterre`,
  hostedBy: (host: string) => `with ${host}`,
  elapsed: 'On air for',
  startsIn: 'Starts in',
  startsAt: (when: string) => `Starts ${when}.`,
  announcedAs: (when: string, place: string) => `Announced for ${when}, ${place} time.`,
  startedOnTime: 'started on the second',
  startedLate: (seconds: string) => `started ${seconds} s late`,
  doorsAt: (when: string) => `Doors open ${when}.`,
  doorsOpen: 'The doors are open.',
  hostStarts: 'It begins when the host starts it.',
  startingNow: 'Starting any moment now.',
  overdue: 'The host has not started yet. The doors are open and your seat is kept.',
  days: (n: number): string => (n === 1 ? 'day' : 'days'),
  hours: (n: number): string => (n === 1 ? 'hour' : 'hours'),
  minutes: (n: number): string => (n === 1 ? 'minute' : 'minutes'),
  seconds: (n: number): string => (n === 1 ? 'second' : 'seconds'),
  whoAppears: 'Press Listen to hear the programme and see who is speaking.',
  idleLive: 'The programme is on air.',
  idleDoors: 'Come in: a holding sound plays until the start.',
  idleScheduled: 'Say that you will be there, and the sound starts by itself when the doors open.',
  expected: 'You are expected. The sound starts by itself at the opening; leave this page open.',
  connecting: 'Bringing you to your seat…',
  away: 'The server cannot be reached just now; what you see may be out of date. Trying again by itself.',
  slow: 'The player could not be fetched. Trying again by itself.',
  problems: {
    unknown_space: [
      'There is no space at this address.',
      'Check the link, or ask whoever sent it.',
    ],
    unreachable: [
      'The server cannot be reached.',
      'Check that you are online. This page keeps trying by itself.',
    ],
    other: [
      'The house does not answer as it should just now.',
      'This page keeps trying by itself.',
    ],
  } satisfies Record<string, readonly [string, string]> as Record<
    string,
    readonly [string, string]
  >,
  home: 'To the home page',
};
const fr: typeof en = {
  listen: 'Écouter',
  beThere: 'J’y serai',
  stop: 'Arrêter',
  pageTitle: (title) => `${title} · Parterre`,
  hostedBy: (host) => `avec ${host}`,
  elapsed: 'À l’antenne depuis',
  startsIn: 'Début dans',
  startsAt: (when) => `Début : ${when}.`,
  announcedAs: (when, place) => `Annoncé pour ${when}, heure de ${place}.`,
  startedOnTime: 'début à la seconde près',
  startedLate: (seconds) => `début avec ${seconds} s de retard`,
  doorsAt: (when) => `Ouverture des portes : ${when}.`,
  doorsOpen: 'Les portes sont ouvertes.',
  hostStarts: 'Le programme commence quand l’hôte le lance.',
  startingNow: 'Cela commence d’un instant à l’autre.',
  overdue: 'L’hôte n’a pas encore commencé. Les portes sont ouvertes et votre place est gardée.',
  days: (n) => (n < 2 ? 'jour' : 'jours'),
  hours: (n) => (n < 2 ? 'heure' : 'heures'),
  minutes: (n) => (n < 2 ? 'minute' : 'minutes'),
  seconds: (n) => (n < 2 ? 'seconde' : 'secondes'),
  whoAppears: 'Touchez Écouter pour entendre le programme et voir qui parle.',
  idleLive: 'Le programme est à l’antenne.',
  idleDoors: 'Entrez : un son d’attente joue jusqu’au début.',
  idleScheduled: 'Dites que vous y serez, et le son commence de lui-même à l’ouverture des portes.',
  expected:
    'Vous êtes attendu. Le son commence de lui-même à l’ouverture ; gardez cette page ouverte.',
  connecting: 'On vous conduit à votre place…',
  away: 'Le serveur est injoignable pour l’instant ; ce que vous voyez a peut-être changé. Nouvel essai automatique.',
  slow: 'Le lecteur n’a pas pu être chargé. Nouvel essai automatique.',
  problems: {
    unknown_space: [
      'Il n’y a pas d’espace à cette adresse.',
      'Vérifiez le lien, ou demandez à la personne qui l’a envoyé.',
    ],
    unreachable: [
      'Le serveur est injoignable.',
      'Vérifiez que vous êtes en ligne. Cette page réessaie d’elle-même.',
    ],
    other: ['La salle ne répond pas comme elle le devrait.', 'Cette page réessaie d’elle-même.'],
  },
  home: 'Vers l’accueil',
};
export const FOYER_WORDS: Dictionary<typeof en> = { en, fr };
export type FoyerWords = typeof en;
