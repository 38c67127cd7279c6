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
  Invite,
  InviteList,
  Me,
  OpenedInvite,
  OwnedSpace,
  SpaceList,
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
