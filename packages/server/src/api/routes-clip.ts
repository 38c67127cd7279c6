/**
 * The clip a space opens with: brought as samples, in pieces, kept levelled, taken away again. No file of
 * anybody's is decoded here: whoever brings one has it decoded where it lies, in a browser or by a tool.
 */
import { RENDITIONS } from '@parterre/protocol';
import { ClipPieceSchema, KeepClipSchema } from '@parterre/protocol/schemas';
import type { StoredClip, StoredSpace } from '../ports/store.ts';
import { ClipDrafts } from './clip-drafts.ts';
import type { Api, RouteContext } from './instance.ts';
import { answers, BY_HOST, NO_CONTENT } from './openapi.ts';
import { numbersOf } from './query.ts';
import { SpaceParams } from './routes-spaces.ts';

const TAGS = ['Spaces'];
const PIECE_BYTES_MAX = 192 * 1024;
const PATH = '/api/spaces/:id/clip';

export function clipRoutes(app: Api, context: RouteContext): void {
  const { directory, callers, clips } = context;

  app.get(
    PATH,
    {
      schema: {
        operationId: 'getClip',
        summary: 'The clip a space opens with',
        tags: TAGS,
        security: BY_HOST,
        params: SpaceParams,
        response: answers(200, 'OpeningClip'),
      },
    },
    async (request) => {
      const { id } = request.params;
      await callers.demandHost(request, id);
      return shownOf((await directory.space(id)).clip);
    },
  );

  app.delete(
    PATH,
    {
      schema: {
        operationId: 'removeClip',
        summary: 'Open without a clip; until the start',
        tags: TAGS,
        security: BY_HOST,
        params: SpaceParams,
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await callers.demandHost(request, id);
      await directory.setClip(id, null);
      await clips.prune(id, null);
      return reply.code(204).send(null);
    },
  );
  bringRoutes(app, context);
}

function bringRoutes(app: Api, context: RouteContext): void {
  const { directory, callers, clips } = context;
  const drafts = new ClipDrafts(context.clock);

  app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/octet-stream',
      { parseAs: 'buffer', bodyLimit: PIECE_BYTES_MAX },
      (_request, body, done) => done(null, body),
    );
    scope.put(
      `${PATH}/draft`,
      {
        bodyLimit: PIECE_BYTES_MAX,
        preValidation: async (request) => numbersOf(request.query as Record<string, unknown>),
        schema: {
          operationId: 'bringClip',
          summary: 'Bring the next piece of a clip',
          description:
            'As `application/octet-stream`, at most 192 KiB: 16-bit samples, little-endian, 48 kHz, ' +
            'one channel in a voice space and two interleaved ones in a music space. `at` says how ' +
            'many bytes were brought before; the piece at 0 begins anew.',
          tags: TAGS,
          security: BY_HOST,
          params: SpaceParams,
          querystring: ClipPieceSchema,
          response: NO_CONTENT,
        },
      },
      async (request, reply) => {
        const { id } = request.params as { id: string };
        const { at } = request.query as { at: number };
        await callers.demandHost(request, id);
        const space = await directory.space(id);
        directory.demandClipMayChange(space);
        const piece = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        drafts.add(id, at, piece, channelsOf(space));
        return reply.code(204).send(null);
      },
    );
  });

  app.put(
    PATH,
    {
      schema: {
        operationId: 'keepClip',
        summary: 'Open with the clip that was brought, in place of any other; until the start',
        description: 'It is levelled to −16 LUFS and plays from the first sample on air.',
        tags: TAGS,
        security: BY_HOST,
        params: SpaceParams,
        body: KeepClipSchema,
        response: answers(200, 'OpeningClip'),
      },
    },
    async (request) => {
      const { id } = request.params;
      await callers.demandHost(request, id);
      const space = await directory.space(id);
      directory.demandClipMayChange(space);
      const channels = channelsOf(space);
      const kept = await clips.save(id, drafts.take(id, channels), channels);
      const before = space.clip;
      try {
        const clip = { ...kept, name: request.body.name };
        await directory.setClip(id, clip);
        await clips.prune(id, clip);
        return shownOf(clip);
      } catch (error) {
        await clips.prune(id, before);
        throw error;
      }
    },
  );
}

function channelsOf({ rendition }: StoredSpace): 1 | 2 {
  return RENDITIONS[rendition].channels;
}

function shownOf(clip: StoredClip | null) {
  if (clip === null) return { clip: null };
  return { clip: { name: clip.name, durationMs: Math.round(clip.samples / 48) } };
}
