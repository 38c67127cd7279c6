/**
 * Invitations. The token is made here, handed out once, and kept only as its hash. A host or co-host may
 * invite and withdraw speakers of the own space; every other role is the owner's to give.
 */
import { ParterreError } from '@parterre/protocol';
import { CreateInviteSchema, OpenInviteSchema, SpaceIdSchema } from '@parterre/protocol/schemas';
import { Type } from 'typebox';
import { personIdOf, plainText } from '../spaces/index.ts';
import { hashOfToken } from './caller.ts';
import type { Api, RouteContext } from './instance.ts';
import { answers, BY_HOST, NO_CONTENT } from './openapi.ts';
import { SpaceParams } from './routes-spaces.ts';

const TAGS = ['Invitations'];
const TOKEN_BYTES = 18;
const ID_BYTES = 9;
const INVITES_MAX = 500;
const CHANGES_PER_MINUTE_MAX = 120;
const InviteParams = Type.Object({
  id: SpaceIdSchema,
  inviteId: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
});

export function inviteRoutes(app: Api, context: RouteContext): void {
  const { store, clock, random, callers, directory } = context;
  const token = (bytes: number) => Buffer.from(random.bytes(bytes)).toString('base64url');

  app.post(
    '/api/spaces/:id/invites',
    {
      config: { rateLimit: { max: CHANGES_PER_MINUTE_MAX } },
      schema: {
        operationId: 'createInvite',
        summary: 'Invite somebody to the stage',
        tags: TAGS,
        security: BY_HOST,
        params: SpaceParams,
        body: CreateInviteSchema,
        response: answers(201, 'CreatedInvite'),
      },
    },
    async (request, reply) => {
      const { id: spaceId } = request.params;
      const { role, name = '' } = request.body;
      const guest = await callers.demandHost(request, spaceId);
      if (guest !== null && role !== 'speaker') throw new ParterreError('forbidden');
      const space = await directory.space(spaceId);
      if (space.state === 'ended') throw new ParterreError('ended');
      if ((await store.invites(spaceId, INVITES_MAX)).length === INVITES_MAX) {
        throw new ParterreError('invites_full');
      }
      const secret = token(TOKEN_BYTES);
      const invite = { id: token(ID_BYTES), spaceId, role, name: plainText(name) };
      const stored = {
        ...invite,
        tokenHash: hashOfToken(secret),
        createdAtMs: clock.wallMs(),
        revokedAtMs: null,
      };
      if (!(await store.createInvite(stored))) throw new ParterreError('unknown_space');
      return reply.code(201).send({ ...invite, path: `/invite#${secret}` });
    },
  );

  app.post(
    '/api/invites/open',
    {
      config: { rateLimit: { max: CHANGES_PER_MINUTE_MAX } },
      schema: {
        operationId: 'openInvite',
        summary: 'What an invitation is for',
        tags: TAGS,
        body: OpenInviteSchema,
        response: answers(200, 'OpenedInvite'),
      },
    },
    async (request) => {
      const { spaceId, role, name } = await callers.invite(request.body.token);
      return { space: await directory.space(spaceId), role, name };
    },
  );

  listAndWithdraw(app, context);
}

function listAndWithdraw(app: Api, context: RouteContext): void {
  const { store, clock, callers, directory, passKey, removals } = context;
  app.get(
    '/api/spaces/:id/invites',
    {
      schema: {
        operationId: 'listInvites',
        summary: 'Invitations of a space, without their tokens',
        tags: TAGS,
        security: BY_HOST,
        params: SpaceParams,
        response: answers(200, 'InviteList'),
      },
    },
    async (request) => {
      const { id } = request.params;
      await callers.demandHost(request, id);
      await directory.space(id);
      return { invites: await store.invites(id, INVITES_MAX) };
    },
  );

  app.delete(
    '/api/spaces/:id/invites/:inviteId',
    {
      schema: {
        operationId: 'withdrawInvite',
        summary: 'Withdraw an invitation and every right that came from it',
        description: 'Who is on stage stays there until the host removes them.',
        tags: TAGS,
        security: BY_HOST,
        params: InviteParams,
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      const { id, inviteId } = request.params;
      const guest = await callers.demandHost(request, id);
      const invite = await store.invite(inviteId);
      if (invite === null || invite.spaceId !== id) throw new ParterreError('unknown_invite');
      if (guest !== null && invite.role !== 'speaker') throw new ParterreError('forbidden');
      await removals.add(id, personIdOf(passKey, id, inviteId));
      await store.revokeInvite(inviteId, clock.wallMs());
      return reply.code(204).send(null);
    },
  );
}
