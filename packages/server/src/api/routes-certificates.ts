/** Certificates: the newest in short for everybody, all of them for the owner, with their reports. */
import { CERTIFICATES_KEPT_MAX } from '@parterre/protocol/certificate';
import type { RehearsalResult } from '@parterre/protocol/rehearsal';
import { readCertificate } from '@parterre/rehearsal/certificate';
import { renderReport } from '@parterre/rehearsal/report';
import { Type } from 'typebox';
import type { Certificates } from './certificates.ts';
import type { Api, RouteContext } from './instance.ts';
import { answers, BY_OWNER, BY_WITNESS, shared, WRITTEN } from './openapi.ts';
import { numbersOf } from './query.ts';
import { SignedParams } from './routes-rehearsals.ts';

const TAGS = ['Rehearsals'];
const LIST_LENGTH = 20;
const closed = { additionalProperties: false } as const;
const ListQuery = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: CERTIFICATES_KEPT_MAX })) },
  closed,
);
const ReportQuery = Type.Object({ lang: Type.Optional(Type.Enum(['en', 'fr'] as const)) }, closed);
/** The report brings its own style and nothing else. */
const REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

export function certificateRoutes(
  app: Api,
  context: RouteContext,
  certificates: Certificates,
): void {
  const { callers } = context;

  app.get(
    '/api/certificates/current',
    {
      ...WRITTEN,
      schema: {
        operationId: 'currentCapacity',
        summary: 'The server’s key and what its newest certificate comes to',
        tags: TAGS,
        response: answers(200, 'CurrentCapacity'),
      },
    },
    () => certificates.current(),
  );

  app.get(
    '/api/certificates',
    {
      ...WRITTEN,
      preValidation: async (request) => numbersOf(request.query as Record<string, unknown>),
      schema: {
        operationId: 'listCertificates',
        summary: 'Certificates, newest first, with what each is worth now',
        tags: TAGS,
        security: BY_OWNER,
        querystring: ListQuery,
        response: answers(200, 'CertificateList'),
      },
    },
    async (request) => {
      await callers.demandOwner(request);
      return { certificates: [...(await certificates.list(request.query.limit ?? LIST_LENGTH))] };
    },
  );

  app.get(
    '/api/certificates/:id',
    {
      ...WRITTEN,
      schema: {
        operationId: 'getCertificate',
        summary: 'A certificate exactly as it was signed',
        tags: TAGS,
        security: BY_WITNESS,
        params: SignedParams,
        response: answers(200, 'Certificate'),
      },
    },
    async (request, reply) => {
      await callers.demandWitness(request);
      const { certificate } = await certificates.one(request.params.id);
      return reply.type('application/json; charset=utf-8').send(certificate);
    },
  );

  reportRoute(app, context, certificates);
}

function reportRoute(app: Api, { callers }: RouteContext, certificates: Certificates): void {
  app.get(
    '/api/certificates/:id/report',
    {
      ...WRITTEN,
      schema: {
        operationId: 'certificateReport',
        summary: 'The rehearsal behind a certificate, as a page that needs nothing else',
        tags: TAGS,
        security: BY_WITNESS,
        params: SignedParams,
        querystring: ReportQuery,
        produces: ['text/html'],
        response: { 200: { type: 'string' }, '4xx': shared('Error'), '5xx': shared('Error') },
      },
    },
    async (request, reply) => {
      await callers.demandWitness(request);
      const { certificate, result } = await certificates.one(request.params.id);
      const language = request.query.lang ?? 'en';
      const page = renderReport(JSON.parse(result) as RehearsalResult, {
        certificate: readCertificate(certificate),
        language,
      });
      return reply
        .type('text/html; charset=utf-8')
        .header('content-security-policy', REPORT_POLICY)
        .send(page);
    },
  );
}
