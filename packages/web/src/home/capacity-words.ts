/** The words of the owner's capacity card. */
import type { CertificateState } from '@parterre/protocol/certificate';
import type { Dictionary } from '../i18n/language.ts';

/** What a certificate depends on: the first part of a name in `differs`. */
type Part = 'build' | 'configuration' | 'machine' | 'topology';

const en = {
  title: 'Capacity',
  none: 'How many listeners this server carries has not been proven yet. A rehearsal fills a space with listeners that verify what they hear. On the server, while a space is open:',
  state: {
    valid: 'Proven',
    stale: 'No longer proven: the server has changed',
    expired: 'No longer proven: the certificate has expired',
    forged: 'Not proven: the certificate is not this server’s',
  } satisfies Record<CertificateState, string> as Record<CertificateState, string>,
  listeners: 'listeners at once',
  joins: 'joins a second',
  scope: (scenario: string) =>
    `Verified as held in the rehearsal “${scenario}”; nothing beyond it is claimed.`,
  issued: (when: string) => `Issued ${when}`,
  until: (when: string) => `counts until ${when}`,
  expired: (when: string) => `expired ${when}`,
  changed: (what: string) => `Changed since: ${what}.`,
  parts: {
    build: 'the program',
    configuration: 'the configuration',
    machine: 'the machine',
    topology: 'the edges or TLS',
  } satisfies Record<Part, string> as Record<Part, string>,
  again: 'Prove it again, on the server, while a space is open:',
  promises: 'What held',
  measures: {
    gaps: 'Chunks that never came',
    dry: 'Buffers that ran dry',
    wrong_bytes: 'Chunks with other content',
    waiting_at_end: 'Listeners without sound at the end',
    'resume.peak_to_mean': 'Busiest second of reconnections, against their mean',
    'backed_off.peak_to_mean': 'The same, of those who found no way back for long',
    'exercised.missing_share': 'Share of the house that was never reached',
    'join.first_audio.p95_s': 'Wait for the first sound, p95',
    'latency.p50_s': 'Delivery delay, p50',
    'latency.p99_s': 'Delivery delay, p99',
    'resume.max_s': 'Longest time without a connection',
    ticks_skipped: 'Ticks the mixers skipped',
  } as Readonly<Record<string, string>>,
  atMost: (what: string, measured: string, limit: string) =>
    `${what}: ${measured}, at most ${limit}`,
  space: 'SPACE',
  report: 'Report',
  download: 'Certificate',
};
const fr: typeof en = {
  title: 'Capacité',
  none: 'Le nombre d’auditeurs que porte ce serveur n’a pas encore été prouvé. Une répétition remplit un espace d’auditeurs qui vérifient ce qu’ils entendent. Sur le serveur, pendant qu’un espace est ouvert :',
  state: {
    valid: 'Prouvée',
    stale: 'N’est plus prouvée : le serveur a changé',
    expired: 'N’est plus prouvée : le certificat a expiré',
    forged: 'Non prouvée : le certificat n’est pas de ce serveur',
  },
  listeners: 'auditeurs à la fois',
  joins: 'arrivées par seconde',
  scope: (scenario) =>
    `Vérifié comme tenu lors de la répétition «\u00a0${scenario}\u00a0» ; rien au-delà n’est affirmé.`,
  issued: (when) => `Délivré ${when}`,
  until: (when) => `valable jusqu’au ${when}`,
  expired: (when) => `expiré ${when}`,
  changed: (what) => `Ce qui a changé depuis : ${what}.`,
  parts: {
    build: 'le programme',
    configuration: 'la configuration',
    machine: 'la machine',
    topology: 'les edges ou TLS',
  },
  again: 'Pour la prouver de nouveau, sur le serveur, pendant qu’un espace est ouvert :',
  promises: 'Ce qui a tenu',
  measures: {
    gaps: 'Fragments jamais venus',
    dry: 'Tampons qui se sont vidés',
    wrong_bytes: 'Fragments au contenu différent',
    waiting_at_end: 'Auditeurs sans son à la fin',
    'resume.peak_to_mean': 'Seconde la plus chargée en reconnexions, rapportée à leur moyenne',
    'backed_off.peak_to_mean': 'De même, pour qui n’a longtemps pas pu revenir',
    'exercised.missing_share': 'Part de la salle jamais atteinte',
    'join.first_audio.p95_s': 'Attente du premier son, p95',
    'latency.p50_s': 'Délai de livraison, p50',
    'latency.p99_s': 'Délai de livraison, p99',
    'resume.max_s': 'Plus long temps sans connexion',
    ticks_skipped: 'Pas sautés par les mélangeurs',
  },
  atMost: (what, measured, limit) => `${what}\u00a0: ${measured}, au plus ${limit}`,
  space: 'ESPACE',
  report: 'Rapport',
  download: 'Certificat',
};
export const CAPACITY_WORDS: Dictionary<typeof en> = { en, fr };
