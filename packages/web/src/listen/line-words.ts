/** Words of the line: the draw, the place, the turn, and who speaks meanwhile. */
import type { Dictionary } from '../i18n/language.ts';
import { STAGE_WORDS } from './stage-words.ts';

const en = {
  ...STAGE_WORDS.en,
  comeIn: 'Come in',
  lot: 'Whoever comes before the doors open takes part in one draw: places are drawn by lot at the opening, so a minute earlier is no advantage.',
  inDraw: (entrants: number): string =>
    entrants <= 1 ? 'You are in the draw.' : `You are in the draw, one of ${entrants}.`,
  drawing: 'The draw is being made…',
  drawn: (position: number, entrants: number) =>
    `The draw put you at about place ${position} of ${entrants}.`,
  drawProof: 'Commitment, root and seed of the draw',
  drawCheck: 'How anybody can check it',
  drawHint: 'Whoever has these and your ticket can recompute your place:',
  drawBroken: 'The seed that was published is not the one that was promised before.',
  working:
    'Many are coming at once: your browser does a small sum for its place. It takes a moment.',
  finding: 'Every place is taken just now. Finding your place in line…',
  before: (ahead: number): string => (ahead === 1 ? 'person before you' : 'people before you'),
  next: 'You are next.',
  eta: (least: number, most: number): string =>
    most <= 1
      ? 'A minute or less'
      : `About ${least === most ? most : `${least} to ${most}`} minutes`,
  etaUnknown: 'A place comes free when somebody leaves; nobody can say when.',
  later: 'Fewer places come free than before, so it takes longer than we said.',
  lapsed: 'Your turn came and was not taken while it was kept. This is a new place in line.',
  pressOnce: 'Your place is kept. Press Listen once, so that the sound can start by itself.',
  rested: 'Your place is kept for a while. Press Listen to go on waiting.',
  turn: 'It is your turn',
  turnKept: 'Your seat is kept for two minutes. If they pass, you get a new place in line.',
  tellMe: 'Tell me when it is my turn',
  told: 'A message comes when it is your turn.',
};
const fr: typeof en = {
  ...STAGE_WORDS.fr,
  comeIn: 'Entrer',
  lot: 'Qui vient avant l’ouverture participe à un tirage : les places sont tirées au sort à l’ouverture ; arriver une minute plus tôt n’avantage personne.',
  inDraw: (entrants) =>
    entrants <= 1
      ? 'Vous participez au tirage.'
      : `Vous participez au tirage, un parmi ${entrants}.`,
  drawing: 'Le tirage a lieu…',
  drawn: (position, entrants) => `Le tirage vous a mis vers la place ${position} sur ${entrants}.`,
  drawProof: 'Engagement, racine et graine du tirage',
  drawCheck: 'Comment chacun peut le vérifier',
  drawHint: 'Qui les a, avec votre ticket, peut recalculer votre place :',
  drawBroken: 'La graine publiée n’est pas celle qui avait été promise.',
  working:
    'Beaucoup de monde arrive : votre navigateur fait un petit calcul pour sa place. Un instant.',
  finding: 'Toutes les places sont prises. Recherche de votre place dans la file…',
  before: (ahead) => (ahead < 2 ? 'personne avant vous' : 'personnes avant vous'),
  next: 'Vous êtes le prochain.',
  eta: (least, most) =>
    most <= 1
      ? 'Une minute au plus'
      : `Environ ${least === most ? most : `${least} à ${most}`} minutes`,
  etaUnknown: 'Une place se libère quand quelqu’un part ; nul ne sait quand.',
  later: 'Moins de places se libèrent : ce sera plus long qu’annoncé.',
  lapsed:
    'Votre tour est venu et n’a pas été pris tant qu’il était gardé. Voici une nouvelle place.',
  pressOnce:
    'Votre place est gardée. Touchez Écouter une fois, pour que le son puisse commencer de lui-même.',
  rested: 'Votre place est gardée un moment. Touchez Écouter pour continuer d’attendre.',
  turn: 'C’est votre tour',
  turnKept: 'Votre fauteuil est gardé deux minutes. Passé ce temps, vous aurez une nouvelle place.',
  tellMe: 'Me prévenir quand vient mon tour',
  told: 'Un message viendra quand ce sera votre tour.',
};
export const LINE_WORDS: Dictionary<typeof en> = { en, fr };
export type LineWords = typeof en;
