/** The checklist's words: for each point what was found, and where it is not good, what to do. */
import type { Checklist } from '@parterre/protocol/schemas';
import type { Dictionary } from '../i18n/language.ts';

type Point = Checklist['points'][number];
type Found = Readonly<Record<string, (figure: number) => string>>;

interface Words {
  readonly title: string;
  readonly allGood: string;
  readonly open: (count: number) => string;
  readonly verdicts: Readonly<Record<Point['verdict'], string>>;
  readonly points: Readonly<Record<Point['id'], string>>;
  readonly found: Readonly<Record<Point['id'], Found>>;
}

const en: Words = {
  title: 'Before the start',
  allGood: 'Everything is ready.',
  open: (count) => (count === 1 ? 'One point is open.' : `${count} points are open.`),
  verdicts: { good: 'good', bad: 'open', unknown: 'not known' },
  points: {
    certificate: 'Capacity',
    disk: 'Disk',
    clock: 'Clock',
    people: 'People',
    backup: 'Backup host',
    clip: 'Opening clip',
  },
  found: {
    certificate: {
      valid: () => 'A valid certificate says what this server carries.',
      stale: () => 'The server has changed since its certificate. Rehearse again.',
      expired: () => 'The certificate has expired. Rehearse again.',
      none: () => 'Never rehearsed: nobody knows what this server carries.',
    },
    disk: {
      ok: (hours) => `Room for ${hours} hours of programme.`,
      low: (hours) => `Room for ${hours} hours only. Free some space.`,
    },
    clock: {
      synchronised: () => 'Synchronised.',
      not_synchronised: () => 'Not synchronised: the start may be early or late.',
      not_known: () => 'Whether it is synchronised cannot be told here. Compare it with another.',
    },
    people: {
      here: (count) =>
        count === 1 ? 'One person is connected.' : `${count} people are connected.`,
      nobody: () => 'Nobody is connected to the stage yet.',
    },
    backup: {
      here: () => 'A co-host is here and has the controls should the host drop.',
      named: () => 'A co-host is invited and has the controls once here.',
      nobody: () => 'Invite a co-host, who has the controls should the host drop.',
    },
    clip: {
      there: (seconds) => `A clip of ${seconds} s plays from the first second.`,
      none: () => 'None: it opens with who is on stage, or the holding sound.',
      damaged: () => 'The clip is not there any more. Choose its file again, or open without it.',
    },
  },
};
const fr: Words = {
  title: 'Avant le début',
  allGood: 'Tout est prêt.',
  open: (count) => (count === 1 ? 'Un point reste ouvert.' : `${count} points restent ouverts.`),
  verdicts: { good: 'en ordre', bad: 'ouvert', unknown: 'inconnu' },
  points: {
    certificate: 'Capacité',
    disk: 'Disque',
    clock: 'Horloge',
    people: 'Présents',
    backup: 'Remplaçant',
    clip: 'Clip d’ouverture',
  },
  found: {
    certificate: {
      valid: () => 'Un certificat valable dit ce que ce serveur supporte.',
      stale: () => 'Le serveur a changé depuis son certificat. Refaites une répétition.',
      expired: () => 'Le certificat a expiré. Refaites une répétition.',
      none: () => 'Aucune répétition : nul ne sait ce que ce serveur supporte.',
    },
    disk: {
      ok: (hours) => `De la place pour ${hours} heures de programme.`,
      low: (hours) => `De la place pour ${hours} heures seulement. Libérez-en.`,
    },
    clock: {
      synchronised: () => 'Synchronisée.',
      not_synchronised: () => 'Non synchronisée : le début peut être en avance ou en retard.',
      not_known: () => 'Impossible de savoir si elle est synchronisée. Comparez-la à une autre.',
    },
    people: {
      here: (count) => (count === 1 ? 'Une personne connectée.' : `${count} personnes connectées.`),
      nobody: () => 'Personne n’est encore connecté à la scène.',
    },
    backup: {
      here: () => 'Un co-hôte est là et prend les commandes si l’hôte décroche.',
      named: () => 'Un co-hôte est invité ; il aura les commandes dès son arrivée.',
      nobody: () => 'Invitez un co-hôte : il aura les commandes si l’hôte décroche.',
    },
    clip: {
      there: (seconds) => `Un clip de ${seconds} s est joué dès la première seconde.`,
      none: () => 'Aucun : la scène ouvre, ou le son d’attente.',
      damaged: () => 'Le clip n’est plus là. Choisissez de nouveau son fichier, ou ouvrez sans.',
    },
  },
};
export const CHECKLIST_WORDS: Dictionary<Words> = { en, fr };
