/** Words that the line and the auditorium share: who is on stage, and that one waits. */
import type { Dictionary } from '../i18n/language.ts';

const en = {
  stopWaiting: 'Stop waiting',
  onStage: 'On stage',
  speaking: 'speaking',
  quietOnStage: 'on stage',
  nobodyOnStage: 'Nobody is on stage just now. The holding sound plays until somebody is.',
  keeps: 'The sound starts by itself when it is your turn. A reload keeps your place.',
};
const fr: typeof en = {
  stopWaiting: 'Suspendre',
  onStage: 'Sur scène',
  speaking: 'a la parole',
  quietOnStage: 'sur scène',
  nobodyOnStage: 'Personne n’est sur scène en ce moment. Un son d’attente joue d’ici là.',
  keeps: 'Le son commence de lui-même quand vient votre tour. Recharger la page garde votre place.',
};
export const STAGE_WORDS: Dictionary<typeof en> = { en, fr };
