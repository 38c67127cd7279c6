/** Groups of a space that have seats kept, and the link of each. */
import { WriteGroupsSchema } from '@parterre/protocol/schemas';
import { type Group, sealSeatLink } from '../spaces/index.ts';
import type { Api, RouteContext } from './instance.ts';
import { answers, BY_OWNER } from './openapi.ts';
import { SpaceParams } from './routes-spaces.ts';

const TAGS = ['Spaces'];

export function groupRoutes(app: Api, { directory, callers, passKey }: RouteContext): void {
  const shownOf = (space: string, groups: readonly Group[]) => ({
    groups: groups.map(({ id, name, seats, linkExpiresAtMs }) => {
      const link = sealSeatLink(passKey, { space, group: id, expiresAtMs: linkExpiresAtMs });
      return { id, name, seats, linkExpiresAtMs, path: `/${space}?seat=${link}` };
    }),
  });

  app.get(
    '/api/spaces/:id/groups',
    {
      schema: {
        operationId: 'listGroups',
        summary: 'Groups that have seats kept, and the link that takes one of them',
        tags: TAGS,
        security: BY_OWNER,
        params: SpaceParams,
        response: answers(200, 'GroupList'),
      },
    },
    async (request) => {
      await callers.demandOwner(request);
      const { id } = request.params;
      return shownOf(id, (await directory.space(id)).groups);
    },
  );

  app.put(
    '/api/spaces/:id/groups',
    {
      schema: {
        operationId: 'writeGroups',
        summary: 'Write the list of groups anew',
        description:
          'A group that is in the list with its `id` keeps its link; one without is new. The link of a ' +
          'group that is not in the list any more is worth nothing at once; who is in stays.',
        tags: TAGS,
        security: BY_OWNER,
        params: SpaceParams,
        body: WriteGroupsSchema,
        response: answers(200, 'GroupList'),
      },
    },
    async (request) => {
      await callers.demandOwner(request);
      const { id } = request.params;
      return shownOf(id, await directory.regroup(id, request.body.groups));
    },
  );
}
