/** The OpenAPI 3.1 document, made from the schemas that validate; shared ones appear by name. */
import swagger from '@fastify/swagger';
import {
  CertificateListSchema,
  CertificateSchema,
  CurrentCapacitySchema,
  PermitStandingSchema,
} from '@parterre/protocol/certificate';
import { ServerDescriptionSchema } from '@parterre/protocol/rehearsal';
import {
  ChecklistSchema,
  CreatedInviteSchema,
  ErrorBodySchema,
  GrantedPassSchema,
  GroupListSchema,
  InviteListSchema,
  MeSchema,
  OpenedInviteSchema,
  OpeningClipSchema,
  OwnedSpaceSchema,
  PublicSpaceSchema,
  SpaceListSchema,
} from '@parterre/protocol/schemas';
import { INVITE_HEADER, OWNER_COOKIE } from './caller.ts';
import type { Api } from './instance.ts';

const SHARED = {
  PublicSpace: PublicSpaceSchema,
  OwnedSpace: OwnedSpaceSchema,
  SpaceList: SpaceListSchema,
  Checklist: ChecklistSchema,
  GroupList: GroupListSchema,
  OpeningClip: OpeningClipSchema,
  CreatedInvite: CreatedInviteSchema,
  InviteList: InviteListSchema,
  OpenedInvite: OpenedInviteSchema,
  GrantedPass: GrantedPassSchema,
  Me: MeSchema,
  ServerDescription: ServerDescriptionSchema,
  Certificate: CertificateSchema,
  CertificateList: CertificateListSchema,
  CurrentCapacity: CurrentCapacitySchema,
  PermitStanding: PermitStandingSchema,
  Error: ErrorBodySchema,
};

/** A shared schema by name. */
export function shared(name: keyof typeof SHARED): { readonly $ref: string } {
  return { $ref: `${name}#` };
}

/** What a route answers: one good answer, and the error body for everything else. */
export function answers(status: 200 | 201, name: keyof typeof SHARED): Record<string, object> {
  return { [status]: shared(name), '4xx': shared('Error'), '5xx': shared('Error') };
}

/** The answers of a route that has nothing to say when all is well. */
export const NO_CONTENT = {
  204: { type: 'null', description: 'Done.' },
  '4xx': shared('Error'),
  '5xx': shared('Error'),
} as const;

/**
 * For answers that are written as they are: a document whose every byte is signed, or one that was
 * checked against its schema when it was made.
 */
export const WRITTEN = {
  serializerCompiler: () => (data: unknown) =>
    typeof data === 'string' ? data : JSON.stringify(data),
};

/** Who may call a route: in OpenAPI's words, any one of these. */
export const BY_OWNER = [{ owner: [] }];
export const BY_WITNESS = [{ owner: [] }, { permit: [] }, {}];
export const BY_PERMIT = [{ permit: [] }];
export const BY_HOST = [{ owner: [] }, { pass: [] }, { invite: [] }];

export async function describeApi(app: Api, version: string): Promise<void> {
  for (const [name, schema] of Object.entries(SHARED)) app.addSchema({ $id: name, ...schema });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Parterre',
        version,
        description:
          'Spaces, invitations, sign-in and rehearsals. Times are milliseconds since the Unix epoch. Every error ' +
          'has a code of the catalogue. Methods that change something must come from the same origin.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      components: {
        securitySchemes: {
          owner: { type: 'apiKey', in: 'cookie', name: OWNER_COOKIE },
          pass: {
            type: 'http',
            scheme: 'bearer',
            description: 'A stage pass of a host or co-host.',
          },
          permit: {
            type: 'http',
            scheme: 'bearer',
            description: 'A rehearsal permit. On the machine itself none is needed.',
          },
          invite: { type: 'apiKey', in: 'header', name: INVITE_HEADER },
        },
      },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `schema${index}`,
    },
  });
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
