/** Words of the seats kept for groups. */
import type { Dictionary } from '../i18n/language.ts';

const en = {
  title: 'Seats kept for groups',
  lead: 'For the press, for people who need captions: whoever has the link comes in past the line while the group has a seat left. All groups together get at most half of the house.',
  name: 'Name of the group',
  seats: 'Seats',
  add: 'Keep seats',
  seatsOf: (seats: number) => (seats === 1 ? 'one seat' : `${seats} seats`),
  link: 'Link',
  linkOf: (name: string) => `Link for ${name}`,
  remove: 'Remove',
  removeOf: (name: string) => `Remove ${name}`,
  removeAsk: (name: string) => `Give the seats of “${name}” back? Its link stops working.`,
  removeYes: 'Give them back',
};
const fr: typeof en = {
  title: 'Places gardées pour des groupes',
  lead: 'Pour la presse, pour ceux qui ont besoin de sous-titres : qui a le lien entre sans faire la queue tant que le groupe a une place. Tous les groupes ensemble ont au plus la moitié de la salle.',
  name: 'Nom du groupe',
  seats: 'Places',
  add: 'Garder des places',
  seatsOf: (seats) => (seats === 1 ? 'une place' : `${seats} places`),
  link: 'Lien',
  linkOf: (name) => `Lien pour ${name}`,
  remove: 'Supprimer',
  removeOf: (name) => `Supprimer ${name}`,
  removeAsk: (name) => `Rendre les places de « ${name} » ? Son lien ne servira plus.`,
  removeYes: 'Les rendre',
};
export const GROUPS_WORDS: Dictionary<typeof en> = { en, fr };
