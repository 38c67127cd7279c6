/**
 * The pass that opens the stage: for the owner as host, for a guest with the invitation's role. The
 * person is the same for every pass of one invitation, so that a second tab is recognised.
 */
import { ParterreError } from '@parterre/protocol';
import { RequestPassSchema } from '@parterre/protocol/schemas';
import { PASS_MS, type Pass, personIdOf, plainText, signPass } from '../spaces/index.ts';
import type { Api, RouteContext } from './instance.ts';
import { answers } from './openapi.ts';
import { SpaceParams } from './routes-spaces.ts';

const PASSES_PER_MINUTE_MAX = 120;

export function passRoutes(app: Api, context: RouteContext): void {
  const { clock, passKey, callers, directory, iceServers } = context;

  app.post(
    '/api/spaces/:id/pass',
    {
      config: { rateLimit: { max: PASSES_PER_MINUTE_MAX } },
      schema: {
        operationId: 'requestPass',
        summary: 'A pass for the stage, valid for twelve hours',
        tags: ['Invitations'],
        security: [{ owner: [] }, {}],
        params: SpaceParams,
        body: RequestPassSchema,
        response: answers(200, 'GrantedPass'),
      },
    },
    async (request) => {
      const { id: spaceId } = request.params;
      const name = plainText(request.body.name);
      if (name === '') {
        throw new ParterreError('bad_request', 'body.name must have a visible letter.');
      }
      let right: Pick<Pass, 'role' | 'inviteId'> = { role: 'host', inviteId: '' };
      if (request.body.invite === undefined) {
        await callers.demandOwner(request);
      } else {
        const invite = await callers.invite(request.body.invite);
        if (invite.spaceId !== spaceId) throw new ParterreError('unknown_invite');
        right = { role: invite.role, inviteId: invite.id };
      }
      const space = await directory.space(spaceId);
      if (space.state === 'ended') throw new ParterreError('ended');
      const expiresAtMs = clock.wallMs() + PASS_MS;
      const personId = personIdOf(passKey, spaceId, right.inviteId);
      const pass = signPass(passKey, { spaceId, personId, ...right, name, expiresAtMs });
      return {
        pass,
        role: right.role,
        expiresAtMs,
        stagePath: `/stage/${spaceId}`,
        whipPath: `/whip/${spaceId}`,
        iceServers,
      };
    },
  );
}
