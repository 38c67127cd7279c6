/** Words every page shares: the bar, the foot, states of a space, and short actions. */
import type { SpaceState } from '@parterre/protocol';
import type { Dictionary } from './language.ts';

const en = {
  skip: 'Skip to the content',
  home: 'Parterre, home',
  toDark: 'Dark theme',
  toLight: 'Light theme',
  otherLanguage: 'Français',
  foot: 'Parterre carries a conversation from a stage to a house of any size.',
  state: {
    scheduled: 'Scheduled',
    doors: 'Doors open',
    live: 'Live',
    ended: 'Ended',
  } satisfies Record<SpaceState, string> as Record<SpaceState, string>,
  tryAgain: 'Try again',
  retryIn: (seconds: number) => `Trying again in ${seconds} s.`,
  cancel: 'Cancel',
  copied: 'Copied.',
  copyFailed: 'Select the link and copy it.',
  house: 'The house: rows of seats before the stage',
  loading: 'One moment…',
};
const fr: typeof en = {
  skip: 'Aller au contenu',
  home: 'Parterre, accueil',
  toDark: 'Thème sombre',
  toLight: 'Thème clair',
  otherLanguage: 'English',
  foot: 'Parterre porte une conversation de la scène à une salle de toute taille.',
  state: {
    scheduled: 'Annoncé',
    doors: 'Portes ouvertes',
    live: 'En direct',
    ended: 'Terminé',
  },
  tryAgain: 'Réessayer',
  retryIn: (seconds) => `Nouvel essai dans ${seconds} s.`,
  cancel: 'Annuler',
  copied: 'Copié.',
  copyFailed: 'Sélectionnez le lien et copiez-le.',
  house: 'La salle : des rangées de fauteuils devant la scène',
  loading: 'Un instant…',
};
export const SHELL_WORDS: Dictionary<typeof en> = { en, fr };
