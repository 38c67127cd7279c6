/** What is asked around the start: the checklist before it, and a space given up to its successor. */
import { RelaunchSchema } from '@parterre/protocol/schemas';
import type { Certificates } from './certificates.ts';
import { Checklists } from './checklist.ts';
import type { Api, RouteContext } from './instance.ts';
import { answers, BY_HOST, BY_OWNER } from './openapi.ts';
import { SpaceParams } from './routes-spaces.ts';

const TAGS = ['Spaces'];

export function onTimeRoutes(app: Api, context: RouteContext, certificates: Certificates): void {
  const { directory, callers } = context;
  const checklists = new Checklists(context, certificates);

  app.get(
    '/api/spaces/:id/checklist',
    {
      schema: {
        operationId: 'spaceChecklist',
        summary: 'What should be green before the start',
        tags: TAGS,
        security: BY_HOST,
        params: SpaceParams,
        response: answers(200, 'Checklist'),
      },
    },
    async (request) => {
      const { id } = request.params;
      await callers.demandHost(request, id);
      return checklists.of(id);
    },
  );

  app.post(
    '/api/spaces/:id/relaunch',
    {
      schema: {
        operationId: 'relaunchSpace',
        summary: 'Give a space up: its audience goes on in the successor, without reloading',
        description:
          'Without `successor` one like it is made. The successor is live when this one is; this one ' +
          'ends. Both must have the same rendition. The answer is the successor.',
        tags: TAGS,
        security: BY_OWNER,
        params: SpaceParams,
        body: RelaunchSchema,
        response: answers(200, 'OwnedSpace'),
      },
    },
    async (request) => {
      await callers.demandOwner(request);
      return directory.relaunch(request.params.id, request.body.successor);
    },
  );
}
