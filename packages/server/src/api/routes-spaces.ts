/** Spaces: made, listed and changed by the owner; looked at by everybody; run by their hosts. */
import {
  ChangeSpaceSchema,
  CreateSpaceSchema,
  PageSchema,
  SpaceIdSchema,
} from '@parterre/protocol/schemas';
import { Type } from 'typebox';
import type { SpaceAction } from '../spaces/index.ts';
import type { Api, RouteContext } from './instance.ts';
import { answers, BY_HOST, BY_OWNER, NO_CONTENT } from './openapi.ts';
import { numbersOf } from './query.ts';

const TAGS = ['Spaces'];
export const SpaceParams = Type.Object({ id: SpaceIdSchema });
const PAGE_LENGTH = 20;

export function spaceRoutes(app: Api, context: RouteContext): void {
  const { directory, callers } = context;

  app.post(
    '/api/spaces',
    {
      schema: {
        operationId: 'createSpace',
        summary: 'Make a space; the address is made from the title when none is given',
        tags: TAGS,
        security: BY_OWNER,
        body: CreateSpaceSchema,
        response: answers(201, 'OwnedSpace'),
      },
    },
    async (request, reply) => {
      await callers.demandOwner(request);
      const space = await directory.create(request.body);
      return reply.code(201).header('location', `/api/spaces/${space.id}`).send(space);
    },
  );

  app.get(
    '/api/spaces',
    {
      preValidation: async (request) => numbersOf(request.query as Record<string, unknown>),
      schema: {
        operationId: 'listSpaces',
        summary: 'All spaces, newest first',
        tags: TAGS,
        security: BY_OWNER,
        querystring: PageSchema,
        response: answers(200, 'SpaceList'),
      },
    },
    async (request) => {
      await callers.demandOwner(request);
      const { limit = PAGE_LENGTH, offset = 0 } = request.query;
      const found = await directory.spaces(limit + 1, offset);
      const nextOffset = found.length > limit ? offset + limit : null;
      return { spaces: found.slice(0, limit), nextOffset };
    },
  );

  app.get(
    '/api/spaces/:id',
    {
      schema: {
        operationId: 'getSpace',
        summary: 'What everybody may know of a space',
        tags: TAGS,
        params: SpaceParams,
        response: answers(200, 'PublicSpace'),
      },
    },
    (request) => directory.space(request.params.id),
  );

  changeRoutes(app, context);
  for (const action of ['doors', 'start', 'end'] as const) actionRoute(app, context, action);
}

function changeRoutes(app: Api, { directory, callers }: RouteContext): void {
  app.patch(
    '/api/spaces/:id',
    {
      schema: {
        operationId: 'changeSpace',
        summary: 'Change a space; times only before they have come',
        tags: TAGS,
        security: BY_OWNER,
        params: SpaceParams,
        body: ChangeSpaceSchema,
        response: answers(200, 'OwnedSpace'),
      },
    },
    async (request) => {
      await callers.demandOwner(request);
      return directory.change(request.params.id, request.body);
    },
  );

  app.delete(
    '/api/spaces/:id',
    {
      schema: {
        operationId: 'removeSpace',
        summary: 'Remove a space, its invitations and its recording',
        description:
          'The space and its invitations are gone with the answer. The programme and the recording ' +
          'are removed at once, or as soon as the programme process is back when it is restarting.',
        tags: TAGS,
        security: BY_OWNER,
        params: SpaceParams,
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      await callers.demandOwner(request);
      await directory.remove(request.params.id);
      return reply.code(204).send(null);
    },
  );
}

const SUMMARIES: Readonly<Record<SpaceAction, string>> = {
  doors: 'Open the doors now',
  start: 'Go live now',
  end: 'End for good; the replay follows',
};

function actionRoute(app: Api, { directory, callers }: RouteContext, action: SpaceAction): void {
  app.post(
    `/api/spaces/:id/${action}`,
    {
      schema: {
        operationId: `${action}Space`,
        summary: SUMMARIES[action],
        description: 'May be repeated: what already holds is answered in the same way.',
        tags: TAGS,
        security: BY_HOST,
        params: SpaceParams,
        response: answers(200, 'PublicSpace'),
      },
    },
    async (request) => {
      const { id } = request.params as { id: string };
      await callers.demandHost(request, id);
      return directory.act(id, action);
    },
  );
}
