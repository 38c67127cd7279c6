/**
 * Everything that can fail, in plain words with the way out. English for what the server says is the
 * error catalogue itself; French has every code of it, and both have what only a browser can meet.
 */
import type { ListenFailureCode, SpeakFailureCode } from '@parterre/client';
import { ERRORS, type ErrorCode } from '@parterre/protocol';
import type { Dictionary } from './language.ts';

export interface ProblemWords {
  readonly message: string;
  readonly remedy: string;
}

/** What goes wrong on this side of the network. */
export type LocalCode = Exclude<ListenFailureCode | SpeakFailureCode, ErrorCode> | 'clip_too_long';

export type ProblemCode = ErrorCode | LocalCode;

const say = (message: string, remedy: string): ProblemWords => ({ message, remedy });

const LOCAL_EN: Record<LocalCode, ProblemWords> = {
  unreachable: say(
    'The server cannot be reached.',
    'Check that you are online. This page keeps trying by itself.',
  ),
  not_supported: say(
    'This browser cannot play the live sound.',
    'Update it, or open this page in a current Chrome, Firefox, Safari or Edge.',
  ),
  microphone_denied: say(
    'The browser does not let this page use the microphone.',
    'Press the lock beside the address, allow the microphone, then try again. You can always listen without one.',
  ),
  microphone_missing: say(
    'There is no microphone on this device.',
    'Plug one in, or open this page on a phone or another computer.',
  ),
  microphone_busy: say(
    'Another program holds the microphone.',
    'Close the other call or recorder, then try again.',
  ),
  microphone_failed: say(
    'The microphone stopped working.',
    'Plug it in again or choose another one; nobody hears you until then.',
  ),
  media_blocked: say(
    'The stage answers, but no sound gets through this network.',
    'Try another network; a company network may block UDP. The owner can add a TURN server.',
  ),
  media_error: say(
    'The sound stopped in this browser.',
    'Press Listen again. If it stays, load the page again.',
  ),
  insecure_context: say(
    'Browsers give a microphone only to pages that came over HTTPS.',
    'Open this page by its https:// address, or on the server itself by http://localhost.',
  ),
  file_unreadable: say(
    'This file cannot be played.',
    'Choose a sound file such as MP3, WAV, Ogg or M4A.',
  ),
  clip_too_long: say(
    'This sound is too long.',
    'Choose one of two minutes and 20 MB at most, or cut it.',
  ),
};

const FR: Record<ProblemCode, ProblemWords> = {
  bad_request: say(
    'La demande n’est pas valable.',
    'Corrigez le champ indiqué et envoyez-la de nouveau.',
  ),
  not_signed_in: say(
    'Vous n’êtes pas connecté comme propriétaire.',
    'Ouvrez le lien du propriétaire ; la commande « parterre owner-link » en crée un.',
  ),
  pass_invalid: say(
    'Ce laissez-passer n’est pas ou n’est plus valable.',
    'Ouvrez de nouveau votre invitation pour en obtenir un autre.',
  ),
  permit_invalid: say(
    'Cette autorisation de répétition n’est pas ou n’est plus valable.',
    'Demandez-en une autre au propriétaire ; la commande « parterre permit » la crée.',
  ),
  owner_link_used: say(
    'Ce lien de propriétaire a déjà servi ou a expiré.',
    'La commande « parterre owner-link » en crée un nouveau.',
  ),
  forbidden: say(
    'Vous n’y êtes pas autorisé.',
    'Adressez-vous à l’hôte ou au propriétaire de l’espace.',
  ),
  unknown_space: say(
    'Il n’y a pas d’espace à cette adresse.',
    'Vérifiez le lien, ou demandez à la personne qui l’a envoyé.',
  ),
  unknown_invite: say(
    'Cette invitation n’existe pas ou a été retirée.',
    'Demandez une nouvelle invitation à l’hôte.',
  ),
  unknown_certificate: say(
    'Ce certificat n’existe pas.',
    'Faites une répétition pour en obtenir un : « parterre rehearse ».',
  ),
  take_hls: say(
    'Le programme est servi par un cache aux nouveaux venus en ce moment.',
    'Allez à l’adresse donnée par Location : le même programme, quelques secondes plus tard.',
  ),
  unknown_path: say('Il n’y a rien à cette adresse.', 'Vérifiez l’adresse.'),
  method_not_allowed: say(
    'Cette méthode n’est pas possible ici.',
    'Utilisez l’une de celles que nomme l’en-tête Allow.',
  ),
  space_exists: say(
    'Un espace porte déjà cette adresse.',
    'Choisissez une autre adresse pour l’espace.',
  ),
  wrong_state: say(
    'L’état actuel de l’espace ne le permet pas.',
    'Regardez son état et essayez de nouveau.',
  ),
  not_held: say(
    'Cette répétition ne permet de rien certifier.',
    'Lisez son rapport, corrigez ce qui manquait, puis répétez de nouveau.',
  ),
  server_differs: say(
    'Cette répétition portait sur un serveur différent de celui-ci.',
    'Répétez avec cette version, cette configuration, cette machine et cette topologie.',
  ),
  not_open: say('Les portes ne sont pas encore ouvertes.', 'Revenez à l’heure annoncée.'),
  ended: say('Cet espace est terminé.', 'Écoutez l’enregistrement.'),
  host_seat_taken: say(
    'L’hôte est déjà sur scène.',
    'Entrez comme co-hôte ou intervenant, ou reprenez sa place.',
  ),
  already_on_stage: say(
    'Vous êtes sur scène dans un autre onglet ou sur un autre appareil.',
    'Fermez l’autre, ou amenez votre place ici.',
  ),
  stage_full: say('La scène est pleine.', 'Attendez que quelqu’un la quitte.'),
  removed: say(
    'L’hôte vous a retiré de la scène.',
    'Vous pouvez continuer à écouter dans la salle.',
  ),
  too_large: say('La demande est trop grande.', 'Envoyez-en moins à la fois.'),
  uri_too_long: say('L’adresse est trop longue.', 'Raccourcissez l’adresse.'),
  range_not_satisfiable: say(
    'L’enregistrement n’a pas cette partie.',
    'Demandez une partie comprise dans sa durée.',
  ),
  sdp_invalid: say(
    'La description de session est inutilisable.',
    'Proposez de l’audio Opus sur DTLS-SRTP avec ICE.',
  ),
  too_many_requests: say(
    'Trop de demandes viennent d’ici.',
    'Attendez le temps indiqué par Retry-After.',
  ),
  headers_too_large: say(
    'L’en-tête de la demande est trop grand.',
    'Envoyez des champs moins nombreux ou plus courts.',
  ),
  internal: say(
    'Quelque chose a échoué de notre côté.',
    'Réessayez ; si cela persiste, donnez le numéro de la demande à l’exploitant.',
  ),
  work_needed: say(
    'Prendre place dans la file demande un petit calcul en ce moment.',
    'Résolvez le défi ; la page le fait d’elle-même.',
  ),
  waiting: say(
    'Toutes les places sont prises pour l’instant.',
    'Prenez place dans la file ; la page le fait d’elle-même.',
  ),
  ticket_invalid: say(
    'Cette place dans la file n’est pas valable, ou a servi, ou a été manquée.',
    'Prenez une nouvelle place dans la file.',
  ),
  house_full: say('La salle est pleine.', 'Réessayez dans un instant ; des places se libèrent.'),
  invites_full: say(
    'Cet espace a autant d’invitations qu’il peut en avoir.',
    'Retirez celles dont on n’a plus besoin.',
  ),
  unsupported_media_type: say(
    'La demande n’est pas dans un format accepté ici.',
    'Envoyez-la en JSON.',
  ),
  spaces_full: say(
    'Ce serveur porte autant d’espaces qu’il le peut.',
    'Terminez un espace dont on n’a plus besoin.',
  ),
  part_away: say('Une partie du serveur redémarre.', 'Réessayez dans un instant.'),
  disk_full: say(
    'Le disque est plein ; rien n’a été changé.',
    'Libérez de la place sur le disque de données.',
  ),
  unreachable: say(
    'Le serveur est injoignable.',
    'Vérifiez que vous êtes en ligne. Cette page réessaie d’elle-même.',
  ),
  not_supported: say(
    'Ce navigateur ne peut pas jouer le son en direct.',
    'Mettez-le à jour, ou ouvrez cette page dans un Chrome, Firefox, Safari ou Edge récent.',
  ),
  microphone_denied: say(
    'Le navigateur n’autorise pas cette page à utiliser le micro.',
    'Touchez le cadenas près de l’adresse, autorisez le micro, puis réessayez. Écouter reste toujours possible sans micro.',
  ),
  microphone_missing: say(
    'Cet appareil n’a pas de micro.',
    'Branchez-en un, ou ouvrez cette page sur un téléphone ou un autre ordinateur.',
  ),
  microphone_busy: say(
    'Un autre programme occupe le micro.',
    'Fermez l’autre appel ou enregistreur, puis réessayez.',
  ),
  microphone_failed: say(
    'Le micro ne fonctionne plus.',
    'Rebranchez-le ou choisissez-en un autre ; personne ne vous entend d’ici là.',
  ),
  media_blocked: say(
    'La scène répond, mais aucun son ne traverse ce réseau.',
    'Essayez un autre réseau ; un réseau d’entreprise peut bloquer UDP. Le propriétaire peut ajouter un serveur TURN.',
  ),
  media_error: say(
    'Le son s’est arrêté dans ce navigateur.',
    'Touchez de nouveau Écouter. Si cela persiste, rechargez la page.',
  ),
  insecure_context: say(
    'Un navigateur ne donne le micro qu’aux pages venues par HTTPS.',
    'Ouvrez cette page par son adresse https://, ou sur le serveur même par http://localhost.',
  ),
  file_unreadable: say(
    'Ce fichier ne peut pas être joué.',
    'Choisissez un fichier son : MP3, WAV, Ogg ou M4A.',
  ),
  clip_too_long: say(
    'Ce son est trop long.',
    'Choisissez-en un de deux minutes et 20 Mo au plus, ou coupez-le.',
  ),
};

export const PROBLEM_WORDS: Dictionary<Record<ProblemCode, ProblemWords>> = {
  en: { ...ERRORS, ...LOCAL_EN },
  fr: FR,
};

/** A code that came over the network, as one this page has words for. */
export function problemCode(code: unknown): ProblemCode {
  return typeof code === 'string' && Object.hasOwn(FR, code) ? (code as ProblemCode) : 'internal';
}
