/**
 * The REST api as the pages use it: same origin, JSON, the owner's cookie.
 * Every failure is a `Problem` with a code the pages have words for; a request that gets no answer in
 * time is one too.
 */
import type { PublicSpace, Role } from '@parterre/protocol';
import type { CertificateList, KeptCertificate } from '@parterre/protocol/certificate';
import type {
  ChangeSpace,
  Checklist,
  CreatedInvite,
  CreateSpace,
  GrantedPass,
  GroupList,
  Invite,
  InviteList,
  Me,
  OpenedInvite,
  OpeningClip,
  OwnedSpace,
  SpaceList,
  WriteGroups,
} from '@parterre/protocol/schemas';
import { type ProblemCode, problemCode } from '../i18n/problems.ts';
import { SpaceProblem } from './space-now.ts';

const ANSWER_MS_MAX = 10_000;

/** What failed, as a code, and what the server added to it. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  constructor(code: ProblemCode, detail?: string) {
    super(code);
    this.name = 'Problem';
    this.code = code;
    this.detail = detail;
  }
}

/** Any thrown thing as a `Problem`. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof SpaceProblem) return new Problem(problemCode(thrown.code));
  return thrown instanceof Problem ? thrown : new Problem('internal');
}

async function answer(path: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  let body: unknown = null;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    const text = await response.text();
    body = text === '' ? null : parsed(text);
  } catch {
    throw new Problem('unreachable');
  }
  if (response.ok) return body;
  const said = (body as { error?: { code?: unknown; detail?: unknown } } | null)?.error;
  if (said === undefined && response.status >= 502) throw new Problem('part_away');
  throw new Problem(
    problemCode(said?.code),
    typeof said?.detail === 'string' ? said.detail : undefined,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** @param pass a host's pass; the owner's cookie serves otherwise */
function send(method: string, path: string, body?: unknown, pass?: string): Promise<unknown> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (pass !== undefined) headers.Authorization = `Bearer ${pass}`;
  return answer(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** What an edge takes of a body, less than its limit; whole samples. */
const PIECE_BYTES = 180_000;

/** Brings the samples piece by piece, then has them kept. @param told the share that is there, 0…1 */
async function bringClip(
  id: string,
  name: string,
  pcm: Int16Array<ArrayBuffer>,
  told: (share: number) => void,
  pass?: string,
): Promise<OpeningClip> {
  const headers: Record<string, string> = { 'Content-Type': 'application/octet-stream' };
  if (pass !== undefined) headers.Authorization = `Bearer ${pass}`;
  for (let at = 0; at < pcm.byteLength; at += PIECE_BYTES) {
    const body = new Uint8Array(pcm.buffer, at, Math.min(PIECE_BYTES, pcm.byteLength - at));
    await answer(`${spacePath(id)}/clip/draft?at=${at}`, { method: 'PUT', headers, body });
    told((at + body.length) / pcm.byteLength);
  }
  const shown = [...name].slice(0, TITLE_LENGTH_MAX).join('');
  return (await send('PUT', `${spacePath(id)}/clip`, { name: shown }, pass)) as OpeningClip;
}

const TITLE_LENGTH_MAX = 120;

const spacePath = (id: string): string => `/api/spaces/${encodeURIComponent(id)}`;

export const rest = {
  signIn: (token: string) => send('POST', '/api/session', { token }),
  signOut: () => send('DELETE', '/api/session'),
  isOwner: async (): Promise<boolean> =>
    ((await send('GET', '/api/me')) as Me | null)?.owner === true,
  spaces: async (): Promise<readonly OwnedSpace[]> =>
    ((await send('GET', '/api/spaces?limit=100')) as SpaceList).spaces,
  newestCertificate: async (): Promise<KeptCertificate | null> =>
    ((await send('GET', '/api/certificates?limit=1')) as CertificateList).certificates[0] ?? null,
  create: (space: CreateSpace) => send('POST', '/api/spaces', space) as Promise<OwnedSpace>,
  change: (id: string, change: ChangeSpace) =>
    send('PATCH', spacePath(id), change) as Promise<OwnedSpace>,
  relaunch: (id: string) => send('POST', `${spacePath(id)}/relaunch`, {}) as Promise<OwnedSpace>,
  checklist: (id: string, pass?: string) =>
    send('GET', `${spacePath(id)}/checklist`, undefined, pass) as Promise<Checklist>,
  groups: (id: string) => send('GET', `${spacePath(id)}/groups`) as Promise<GroupList>,
  writeGroups: (id: string, groups: WriteGroups['groups']) =>
    send('PUT', `${spacePath(id)}/groups`, { groups }) as Promise<GroupList>,
  clip: (id: string, pass?: string) =>
    send('GET', `${spacePath(id)}/clip`, undefined, pass) as Promise<OpeningClip>,
  bringClip,
  removeClip: (id: string, pass?: string) =>
    send('DELETE', `${spacePath(id)}/clip`, undefined, pass),
  remove: (id: string) => send('DELETE', spacePath(id)),
  act: (id: string, action: SpaceAction, pass?: string) =>
    send('POST', `${spacePath(id)}/${action}`, undefined, pass) as Promise<PublicSpace>,
  invite: (id: string, role: Role, name: string, pass?: string) =>
    send(
      'POST',
      `${spacePath(id)}/invites`,
      name === '' ? { role } : { role, name },
      pass,
    ) as Promise<CreatedInvite>,
  invites: async (id: string, pass?: string): Promise<readonly Invite[]> =>
    ((await send('GET', `${spacePath(id)}/invites`, undefined, pass)) as InviteList).invites,
  withdraw: (id: string, invite: string, pass?: string) =>
    send('DELETE', `${spacePath(id)}/invites/${encodeURIComponent(invite)}`, undefined, pass),
  openInvite: (token: string) =>
    send('POST', '/api/invites/open', { token }) as Promise<OpenedInvite>,
  pass: (id: string, name: string, invite: string | null) =>
    send(
      'POST',
      `${spacePath(id)}/pass`,
      invite === null ? { name } : { invite, name },
    ) as Promise<GrantedPass>,
} as const;

export type SpaceAction = 'doors' | 'start' | 'end';
