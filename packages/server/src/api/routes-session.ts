/** Sign-in of the owner: a one-time link becomes a session cookie that scripts cannot read. */
import { ParterreError } from '@parterre/protocol';
import { OpenSessionSchema } from '@parterre/protocol/schemas';
import type { FastifyRequest } from 'fastify';
import { OWNER_SESSION_MS, signOwnerSession, verifyOwnerLink } from '../spaces/index.ts';
import { OWNER_COOKIE } from './caller.ts';
import type { Api, RouteContext } from './instance.ts';
import { answers, BY_OWNER, NO_CONTENT } from './openapi.ts';

const SIGN_INS_PER_MINUTE_MAX = 30;
const TAGS = ['Owner'];

export function sessionRoutes(app: Api, context: RouteContext): void {
  const { store, clock, random, ownerKey, callers, log } = context;
  const cookieFor = (request: FastifyRequest) =>
    ({
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure: request.protocol === 'https' || context.publicUrl.startsWith('https:'),
    }) as const;

  app.post(
    '/api/session',
    {
      config: { rateLimit: { max: SIGN_INS_PER_MINUTE_MAX } },
      schema: {
        operationId: 'signIn',
        summary: 'Sign in with a one-time owner link',
        tags: TAGS,
        body: OpenSessionSchema,
        response: answers(200, 'Me'),
      },
    },
    async (request, reply) => {
      const nowMs = clock.wallMs();
      const link = verifyOwnerLink(ownerKey, request.body.token, nowMs);
      if (link === null || !(await store.spendToken(link.id, link.expiresAtMs, nowMs))) {
        throw new ParterreError('owner_link_used');
      }
      const id = Buffer.from(random.bytes(16)).toString('base64url');
      const session = signOwnerSession(ownerKey, { id, expiresAtMs: nowMs + OWNER_SESSION_MS });
      log.info({ requestId: request.id }, 'the owner signed in');
      reply.setCookie(OWNER_COOKIE, session, {
        ...cookieFor(request),
        maxAge: OWNER_SESSION_MS / 1_000,
      });
      return { owner: true };
    },
  );

  app.delete(
    '/api/session',
    {
      schema: {
        operationId: 'signOut',
        summary: 'Sign out; the session is void from now on',
        tags: TAGS,
        security: BY_OWNER,
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      const session = await callers.owner(request);
      if (session !== null) {
        await store.spendToken(session.id, session.expiresAtMs, clock.wallMs());
      }
      return reply.clearCookie(OWNER_COOKIE, cookieFor(request)).code(204).send(null);
    },
  );

  app.get(
    '/api/me',
    {
      schema: {
        operationId: 'me',
        summary: 'Whether the caller is signed in as the owner',
        tags: TAGS,
        response: answers(200, 'Me'),
      },
    },
    async (request) => ({ owner: (await callers.owner(request)) !== null }),
  );
}
