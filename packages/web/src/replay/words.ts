/** The replay's words. */
import type { Dictionary } from '../i18n/language.ts';

const en = {
  replay: 'Replay',
  recordedOn: (when: string) => `Recorded ${when}`,
  hostedBy: (host: string) => `with ${host}`,
  play: 'Play',
  pause: 'Pause',
  back: 'Back 15 seconds',
  forward: 'Forward 30 seconds',
  position: 'Position in the recording',
  positionText: (at: string, length: string, who: string) =>
    who === '' ? `${at} of ${length}` : `${at} of ${length}, ${who} speaking`,
  speed: 'Speed',
  download: 'Download',
  mp4: 'MP4, for any player',
  ogg: 'Ogg Opus, the original',
  turns: 'Who spoke when',
  noTurns: 'Nobody spoke on this recording.',
  playFrom: (name: string, at: string) => `Play from ${at}: ${name}`,
  loading: 'Fetching the recording…',
  brokenTitle: 'The recording cannot be fetched just now.',
  brokenRemedy: 'Check that you are online and try again. Downloading it may still work.',
  tryAgain: 'Try again',
};
const fr: typeof en = {
  replay: 'Réécoute',
  recordedOn: (when) => `Enregistré : ${when}`,
  hostedBy: (host) => `avec ${host}`,
  play: 'Lire',
  pause: 'Pause',
  back: 'Reculer de 15 secondes',
  forward: 'Avancer de 30 secondes',
  position: 'Position dans l’enregistrement',
  positionText: (at, length, who) =>
    who === '' ? `${at} sur ${length}` : `${at} sur ${length}, ${who} a la parole`,
  speed: 'Vitesse',
  download: 'Télécharger',
  mp4: 'MP4, pour tout lecteur',
  ogg: 'Ogg Opus, l’original',
  turns: 'Qui a parlé, et quand',
  noTurns: 'Personne ne parle dans cet enregistrement.',
  playFrom: (name, at) => `Lire à partir de ${at} : ${name}`,
  loading: 'L’enregistrement arrive…',
  brokenTitle: 'L’enregistrement ne peut pas être chargé pour l’instant.',
  brokenRemedy:
    'Vérifiez que vous êtes en ligne et réessayez. Le téléchargement marche peut-être encore.',
  tryAgain: 'Réessayer',
};
export const REPLAY_WORDS: Dictionary<typeof en> = { en, fr };
