/**
 * The capacity certificate and the rehearsal permit: what a server signs [P8]. Both are signed with
 * Ed25519 (RFC 8032) over the canonical JSON of their payload (`packages/rehearsal`). Times named
 * `…AtMs` are ms since the Unix epoch; keys and signatures are base64url without padding.
 */
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  ExercisedSchema,
  MachineSchema,
  PercentilesSchema,
  PromiseResultSchema,
  RehearsalResultSchema,
  SaturationSchema,
  ServerDescriptionSchema,
} from './rehearsal.ts';

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Measure = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Word = Type.String({ maxLength: 200 });
const Id = Type.String({ pattern: '^[a-z0-9]{16}$' });
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const closed = { additionalProperties: false } as const;
const Maybe = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** A raw public key of 32 bytes. */
const PublicKeySchema = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });
const SignatureSchema = Type.String({ pattern: '^[A-Za-z0-9_-]{86}$' });

/** Certificates a server keeps; the oldest goes when one more is issued. */
export const CERTIFICATES_KEPT_MAX = 200;

/** What was verified as held, by virtual listeners that heard it. Nothing beyond it is claimed. */
export const CapacitySchema = Type.Object(
  {
    /** Listeners at once. */
    listeners: Count,
    /** Joins a second, kept up for ten seconds. */
    joinsPerS: Measure,
  },
  closed,
);
export type Capacity = Static<typeof CapacitySchema>;

export const CertificatePayloadSchema = Type.Object(
  {
    v: Type.Literal(1),
    id: Id,
    issuedAtMs: Count,
    expiresAtMs: Count,
    /** The server's public address when it signed. */
    issuer: Type.String({ maxLength: 2_000 }),
    /** Fingerprint of the key that signed: SHA-256 of the raw public key, hexadecimal. */
    key: Digest,
    /** Who brought the result: the owner, the holder of a permit, or somebody on the machine itself. */
    broughtBy: Type.Enum(['owner', 'permit', 'machine'] as const),
    /** No other outcome is certified. */
    outcome: Type.Literal('held'),
    capacity: CapacitySchema,
    server: ServerDescriptionSchema,
    /** The rehearsal this speaks of; `digest` is the SHA-256 of its result's canonical JSON. */
    rehearsal: Type.Object(
      {
        id: Id,
        beganAtMs: Count,
        endedAtMs: Count,
        digest: Digest,
        scenario: Word,
        scale: Measure,
        speed: Measure,
        profile: Word,
        generator: Type.Object(
          { machine: MachineSchema, processes: Count, sameMachine: Type.Boolean() },
          closed,
        ),
      },
      closed,
    ),
    exercised: ExercisedSchema,
    promises: Type.Array(PromiseResultSchema, { minItems: 1, maxItems: 32 }),
    saturated: SaturationSchema,
    latencyMs: Maybe(PercentilesSchema),
    joinMs: Maybe(PercentilesSchema),
    resumeMs: Maybe(PercentilesSchema),
    /** What a plan counts with; as in the result. */
    cost: RehearsalResultSchema.properties.cost,
  },
  { ...closed, title: 'CertificatePayload' },
);
export type CertificatePayload = Static<typeof CertificatePayloadSchema>;

export const CertificateSchema = Type.Object(
  { payload: CertificatePayloadSchema, publicKey: PublicKeySchema, signature: SignatureSchema },
  { ...closed, title: 'Certificate' },
);
export type Certificate = Static<typeof CertificateSchema>;

/** What a certificate is worth now, from best to worst. */
export const CertificateStateSchema = Type.Enum(['valid', 'stale', 'expired', 'forged'] as const);
export type CertificateState = Static<typeof CertificateStateSchema>;

const STANDING = {
  state: CertificateStateSchema,
  /** What differs between the server that was rehearsed and the server now, as dotted names. */
  differs: Type.Array(Word, { maxItems: 100 }),
};

/** One of the owner's list. */
export const KeptCertificateSchema = Type.Object(
  { ...STANDING, certificate: CertificateSchema },
  { ...closed, title: 'KeptCertificate' },
);
export type KeptCertificate = Static<typeof KeptCertificateSchema>;

export const CertificateListSchema = Type.Object(
  { certificates: Type.Array(KeptCertificateSchema, { maxItems: CERTIFICATES_KEPT_MAX }) },
  { ...closed, title: 'CertificateList' },
);
export type CertificateList = Static<typeof CertificateListSchema>;

/** What everybody may know: the server's key, and of the newest certificate what it comes to. */
export const CurrentCapacitySchema = Type.Object(
  {
    publicKey: PublicKeySchema,
    fingerprint: Digest,
    current: Maybe(
      Type.Object(
        {
          ...STANDING,
          id: Id,
          issuedAtMs: Count,
          expiresAtMs: Count,
          scenario: Word,
          profile: Word,
          capacity: CapacitySchema,
        },
        closed,
      ),
    ),
  },
  { ...closed, title: 'CurrentCapacity' },
);
export type CurrentCapacity = Static<typeof CurrentCapacitySchema>;

/** Longest rehearsal a permit allows, seconds; most listeners and joins a second it may name. */
export const PERMIT_SECONDS_MAX = 86_400;
export const PERMIT_LISTENERS_MAX = 100_000_000;
export const PERMIT_JOINS_MAX = 10_000_000;
/** Longest a permit lasts, ms. */
export const PERMIT_MS_MAX = 30 * 86_400_000;

/** Leave to rehearse on one server, within bounds. */
export const PermitPayloadSchema = Type.Object(
  {
    v: Type.Literal(1),
    id: Id,
    /** The only server it is for: the origin of its public address. */
    audience: Type.String({ minLength: 8, maxLength: 300 }),
    key: Digest,
    issuedAtMs: Count,
    expiresAtMs: Count,
    listeners: Type.Integer({ minimum: 1, maximum: PERMIT_LISTENERS_MAX }),
    joinsPerS: Type.Integer({ minimum: 1, maximum: PERMIT_JOINS_MAX }),
    /** Longest rehearsal, from its first join. */
    seconds: Type.Integer({ minimum: 1, maximum: PERMIT_SECONDS_MAX }),
    /** Whether the crowd may behave badly: retry storms, slow readers, mass exits. */
    disturb: Type.Boolean(),
  },
  { ...closed, title: 'PermitPayload' },
);
export type PermitPayload = Static<typeof PermitPayloadSchema>;

/** What the server says of a permit that it issued. */
export const PermitStandingSchema = Type.Object(
  { id: Id, state: Type.Enum(['valid', 'revoked', 'expired'] as const), expiresAtMs: Count },
  { ...closed, title: 'PermitStanding' },
);
export type PermitStanding = Static<typeof PermitStandingSchema>;

const certificate = Compile(CertificateSchema);
const permit = Compile(PermitPayloadSchema);
const current = Compile(CurrentCapacitySchema);

export const isCertificate = (value: unknown): value is Certificate => certificate.Check(value);
export const isPermitPayload = (value: unknown): value is PermitPayload => permit.Check(value);
export const isCurrentCapacity = (value: unknown): value is CurrentCapacity => current.Check(value);
