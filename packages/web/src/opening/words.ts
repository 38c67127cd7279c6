/** Words of the opening clip. */
import type { Dictionary } from '../i18n/language.ts';

const en = {
  clip: 'Opening clip',
  clipLead:
    'Plays from the first second on air, whether anybody is on stage or not. Two minutes at most.',
  clipChoose: 'Choose a file',
  clipReplace: 'Choose another',
  clipRemove: 'Open without it',
  clipBusy: (percent: number) => `Preparing it: ${percent} %`,
  clipOnAir: (name: string) => `${name} is opening the programme. The house hears you beside it.`,
  clipLeft: (time: string) => `${time} left`,
};
const fr: typeof en = {
  clip: 'Clip d’ouverture',
  clipLead:
    'Joué dès la première seconde à l’antenne, que la scène soit vide ou non. Deux minutes au plus.',
  clipChoose: 'Choisir un fichier',
  clipReplace: 'En choisir un autre',
  clipRemove: 'Ouvrir sans clip',
  clipBusy: (percent) => `Préparation : ${percent} %`,
  clipOnAir: (name) => `${name} ouvre le programme. La salle vous entend en même temps.`,
  clipLeft: (time) => `Encore ${time}`,
};
export const OPENING_WORDS: Dictionary<typeof en> = { en, fr };
