/**
 * Rehearsals: what this server is, what a rehearsal of it found, and whether a permit still counts. Open
 * to the owner, to who holds a permit, and to this machine.
 */
import { ParterreError } from '@parterre/protocol';
import { PERMIT_MS_MAX } from '@parterre/protocol/certificate';
import { RehearsalResultSchema } from '@parterre/protocol/rehearsal';
import { certificateText } from '@parterre/rehearsal/certificate';
import { Type } from 'typebox';
import { permitToken } from './caller.ts';
import type { Certificates } from './certificates.ts';
import type { Api, RouteContext } from './instance.ts';
import { answers, BY_PERMIT, BY_WITNESS, NO_CONTENT, WRITTEN } from './openapi.ts';
import { isFromThisMachine } from './this-machine.ts';

const TAGS = ['Rehearsals'];
/** A timeline of two hours fits; a longer one is thinned by who rehearsed. */
const RESULT_BYTES_MAX = 4 * 1024 * 1024;
const RESULTS_PER_MINUTE_MAX = 30;
/** A revocation is remembered this much longer than any permit lasts. */
const REMEMBERED_MS = 86_400_000;
export const SignedParams = Type.Object({ id: Type.String({ pattern: '^[a-z0-9]{16}$' }) });

export function rehearsalRoutes(app: Api, context: RouteContext, certificates: Certificates): void {
  const { callers, server } = context;

  app.get(
    '/api/server',
    {
      ...WRITTEN,
      schema: {
        operationId: 'describeServer',
        summary: 'What decides this server’s capacity',
        tags: TAGS,
        security: BY_WITNESS,
        response: answers(200, 'ServerDescription'),
      },
    },
    async (request) => {
      await callers.demandWitness(request);
      return server;
    },
  );

  app.post(
    '/api/rehearsals',
    {
      ...WRITTEN,
      bodyLimit: RESULT_BYTES_MAX,
      config: { rateLimit: { max: RESULTS_PER_MINUTE_MAX } },
      // Before the body is read, so that nobody else can have megabytes looked at.
      onRequest: async (request) => {
        await callers.demandWitness(request);
      },
      schema: {
        operationId: 'certify',
        summary: 'Bring what a rehearsal of this server found; it is certified when it held',
        tags: TAGS,
        security: BY_WITNESS,
        body: RehearsalResultSchema,
        response: answers(201, 'Certificate'),
      },
    },
    async (request, reply) => {
      const witness = await callers.demandWitness(request);
      const certificate = await certificates.issue(request.body, witness);
      return reply
        .code(201)
        .header('location', `/api/certificates/${certificate.payload.id}`)
        .type('application/json; charset=utf-8')
        .send(certificateText(certificate));
    },
  );

  permitRoutes(app, context);
}

function permitRoutes(app: Api, { store, clock, callers, log }: RouteContext): void {
  app.get(
    '/api/rehearsals/permits/:id',
    {
      schema: {
        operationId: 'permitStanding',
        summary: 'Whether the permit that is presented still counts',
        tags: TAGS,
        security: BY_PERMIT,
        params: SignedParams,
        response: answers(200, 'PermitStanding'),
      },
    },
    async (request) => {
      const permit = callers.presentedPermit(request);
      if (permit === null || permit.id !== request.params.id)
        throw new ParterreError('permit_invalid');
      const { id, expiresAtMs } = permit;
      return { id, state: await callers.permitState(permit), expiresAtMs };
    },
  );

  app.delete(
    '/api/rehearsals/permits/:id',
    {
      schema: {
        operationId: 'revokePermit',
        summary: 'Take a permit back; a rehearsal that runs with it stops within two seconds',
        tags: TAGS,
        security: [{ owner: [] }, {}],
        params: SignedParams,
        response: NO_CONTENT,
      },
    },
    async (request, reply) => {
      if (!isFromThisMachine(request)) await callers.demandOwner(request);
      const { id } = request.params;
      const nowMs = clock.wallMs();
      await store.spendToken(permitToken(id), nowMs + PERMIT_MS_MAX + REMEMBERED_MS, nowMs);
      log.info({ permit: id }, 'a rehearsal permit was taken back');
      return reply.code(204).send(null);
    },
  );
}
