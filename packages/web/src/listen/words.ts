/** The listener page's words, those of the foyer included. */
import type { Dictionary } from '../i18n/language.ts';
import { FOYER_WORDS } from './foyer-words.ts';
import { STAGE_WORDS } from './stage-words.ts';

const en = {
  listenAgain: 'Listen again',
  soundOn: 'Hear it now',
  muted: 'microphone off',
  volume: 'Volume',
  mute: 'Mute',
  unmute: 'Sound on',
  buffering: 'The sound is on its way…',
  playing: 'You are listening live.',
  holding: 'You are in. Holding sound plays until somebody speaks.',
  reconnectingAudible: 'Changing the connection; you should hear no gap.',
  reconnecting: 'The connection was lost and is being made again. Stay seated.',
  pausedListener: 'Paused. Press Listen to come back to the live moment.',
  pausedAutoplay: 'The browser wants one more press before it plays sound.',
  pausedSystem: 'A call or another app paused the sound. Press Listen to come back.',
  waiting:
    'Your seat is taken. The sound starts by itself when the doors open; leave this page open.',
  live: 'live',
  behind: (seconds: number) => `${seconds} s behind the stage`,
  behindCrowd: (seconds: number) => `${seconds} s behind the stage, as so many are coming`,
  endedTitle: 'This space has ended.',
  endedAt: (when: string) => `It ended ${when}.`,
  replayComing: 'The recording is being finished. It appears here by itself.',
  noReplay: 'There is no recording of it here.',
  replay: 'Replay',
};
const fr: typeof en = {
  listenAgain: 'Écouter de nouveau',
  soundOn: 'Entendre',
  muted: 'micro coupé',
  volume: 'Volume',
  mute: 'Couper le son',
  unmute: 'Remettre le son',
  buffering: 'Le son arrive…',
  playing: 'Vous écoutez en direct.',
  holding: 'Vous y êtes. Un son d’attente joue jusqu’à ce que quelqu’un parle.',
  reconnectingAudible: 'La liaison change ; vous ne devriez rien remarquer.',
  reconnecting: 'La liaison est perdue et se rétablit. Restez assis.',
  pausedListener: 'En pause. Touchez Écouter pour revenir au direct.',
  pausedAutoplay: 'Le navigateur demande un geste de plus avant de jouer le son.',
  pausedSystem:
    'Un appel ou une autre application a mis le son en pause. Touchez Écouter pour revenir.',
  waiting:
    'Votre place est prise. Le son commence de lui-même à l’ouverture des portes ; gardez cette page ouverte.',
  live: 'en direct',
  behind: (seconds) => `${seconds} s après la scène`,
  behindCrowd: (seconds) => `${seconds} s après la scène, tant l’affluence est grande`,
  endedTitle: 'Cet espace est terminé.',
  endedAt: (when) => `Fin : ${when}.`,
  replayComing: 'L’enregistrement s’achève. Il apparaîtra ici de lui-même.',
  noReplay: 'Aucun enregistrement n’en est gardé ici.',
  replay: 'Réécoute',
};
export const LISTEN_WORDS = {
  en: { ...FOYER_WORDS.en, ...STAGE_WORDS.en, ...en },
  fr: { ...FOYER_WORDS.fr, ...STAGE_WORDS.fr, ...fr },
} satisfies Dictionary<unknown>;
export type ListenWords = (typeof LISTEN_WORDS)['en'];
