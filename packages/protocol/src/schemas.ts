/**
 * The REST api's schemas: what validates a request is what the OpenAPI document is made from, and the
 * types a client writes against are derived from the same objects. All times are ms since the Unix
 * epoch, all lengths are in Unicode code points.
 */
import { type Static, Type } from 'typebox';
import { ERRORS, type ErrorCode } from './errors.ts';
import type { IceServer } from './signalling.ts';
import {
  GROUP_ID,
  GROUP_SEATS_MAX,
  GROUPS_MAX,
  type PublicSpace,
  type Role,
  SPACE_ID,
  type SpaceState,
} from './space.ts';

/** Longest title and name, code points. */
export const TITLE_LENGTH_MAX = 120;
export const NAME_LENGTH_MAX = 60;
/** Spaces in one page of the owner's list. */
export const PAGE_SPACES_MAX = 100;

export const SpaceIdSchema = Type.String({
  pattern: SPACE_ID.source,
  description: 'Address of the space.',
});
export const TitleSchema = Type.String({ minLength: 1, maxLength: TITLE_LENGTH_MAX });
export const NameSchema = Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX });
export const RoleSchema = Type.Enum(['host', 'cohost', 'speaker'] as const satisfies Role[]);
export const SpaceStateSchema = Type.Enum([
  'scheduled',
  'doors',
  'live',
  'ended',
] as const satisfies SpaceState[]);
export const ProfileSchema = Type.Enum(['near', 'steady'] as const);
export const RenditionSchema = Type.Enum(['voice', 'music'] as const);

const TimeSchema = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const TimeOrNullSchema = Type.Union([TimeSchema, Type.Null()]);
const StartSchema = Type.Union([TimeSchema, Type.Null()], {
  description:
    'Announced start, ms since the Unix epoch; null: none, the host starts it when ready.',
});
const LocalStartSchema = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2})?$',
  description:
    'Announced start as a clock on the wall in `zone` shows it, in place of `startsAtMs`. A time that ' +
    'this zone leaves out or has twice, where its clocks are moved, is refused.',
});
/** Longest name of a time zone. */
const ZONE_LENGTH_MAX = 64;
const ZoneSchema = Type.Union(
  [Type.String({ minLength: 1, maxLength: ZONE_LENGTH_MAX }), Type.Null()],
  { description: 'IANA name of the time zone the start is announced in, as `Europe/Paris`.' },
);
const DoorsMinutesSchema = Type.Integer({
  minimum: 0,
  maximum: 1440,
  description: 'Doors open this long before the start, minutes.',
});
const SecretSchema = (description: string) =>
  Type.String({ minLength: 1, maxLength: 1024, description });

const PUBLIC_SPACE = {
  id: SpaceIdSchema,
  title: TitleSchema,
  host: Type.String({ maxLength: NAME_LENGTH_MAX }),
  state: SpaceStateSchema,
  profile: ProfileSchema,
  rendition: RenditionSchema,
  startsAtMs: TimeOrNullSchema,
  doorsAtMs: TimeSchema,
  liveAtMs: TimeOrNullSchema,
  endedAtMs: TimeOrNullSchema,
  replayReady: Type.Boolean(),
  zone: Type.Optional(ZoneSchema),
  startDriftMs: Type.Optional(
    Type.Union([Type.Integer(), Type.Null()], {
      description:
        'First sample on air after the announced start, ms; negative before it. Null until both are there.',
    }),
  ),
  successor: Type.Optional(
    Type.Union([SpaceIdSchema, Type.Null()], {
      description: 'The space that took the audience over when this one was given up.',
    }),
  ),
};

/** What everybody may know of a space. */
export const PublicSpaceSchema = Type.Object(PUBLIC_SPACE, { title: 'PublicSpace' });

/** What the owner sees of a space. */
export const OwnedSpaceSchema = Type.Object(
  { ...PUBLIC_SPACE, holdingSound: Type.Boolean(), createdAtMs: TimeSchema },
  { title: 'OwnedSpace' },
);
export type OwnedSpace = Static<typeof OwnedSpaceSchema> & PublicSpace;

export const SpaceListSchema = Type.Object(
  {
    spaces: Type.Array(OwnedSpaceSchema, { maxItems: PAGE_SPACES_MAX }),
    nextOffset: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'Where the next page begins; null on the last.',
    }),
  },
  { title: 'SpaceList' },
);
export interface SpaceList {
  readonly spaces: readonly OwnedSpace[];
  readonly nextOffset: number | null;
}

/** `GET /api/spaces?limit=&offset=` */
export const PageSchema = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_SPACES_MAX, default: 20 })),
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0 })),
  },
  { additionalProperties: false },
);

export const CreateSpaceSchema = Type.Object(
  {
    title: TitleSchema,
    /** Made from the title when left out. */
    id: Type.Optional(SpaceIdSchema),
    host: Type.Optional(NameSchema),
    /** Left out is null: doors open at once, the host starts it when ready. */
    startsAtMs: Type.Optional(StartSchema),
    startsAt: Type.Optional(LocalStartSchema),
    zone: Type.Optional(ZoneSchema),
    /** Doors open this long before the announced start, minutes; 10 when left out. */
    doorsMinutes: Type.Optional(DoorsMinutesSchema),
    profile: Type.Optional(ProfileSchema),
    rendition: Type.Optional(RenditionSchema),
    holdingSound: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, title: 'CreateSpace' },
);
export type CreateSpace = Static<typeof CreateSpaceSchema>;

/** `PATCH /api/spaces/{id}`: what is left out stays as it is. */
export const ChangeSpaceSchema = Type.Object(
  {
    title: Type.Optional(TitleSchema),
    host: Type.Optional(NameSchema),
    startsAtMs: Type.Optional(StartSchema),
    startsAt: Type.Optional(LocalStartSchema),
    zone: Type.Optional(ZoneSchema),
    doorsMinutes: Type.Optional(DoorsMinutesSchema),
    profile: Type.Optional(ProfileSchema),
    holdingSound: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, minProperties: 1, title: 'ChangeSpace' },
);
export type ChangeSpace = Static<typeof ChangeSpaceSchema>;

/** `PUT /api/spaces/{id}/clip/draft?at=` */
export const ClipPieceSchema = Type.Object(
  { at: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) },
  { additionalProperties: false },
);

/** `PUT /api/spaces/{id}/clip` */
export const KeepClipSchema = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: TITLE_LENGTH_MAX }) },
  { additionalProperties: false, title: 'KeepClip' },
);

/** `GET /api/spaces/{id}/clip` */
export const OpeningClipSchema = Type.Object(
  {
    clip: Type.Union([
      Type.Object({
        name: Type.String({ description: 'Of the file it was made from.' }),
        durationMs: TimeSchema,
      }),
      Type.Null(),
    ]),
  },
  { title: 'OpeningClip' },
);
export type OpeningClip = Static<typeof OpeningClipSchema>;

const GROUP = {
  name: NameSchema,
  seats: Type.Integer({
    minimum: 1,
    maximum: GROUP_SEATS_MAX,
    description:
      'Places that nobody else is given. All groups of a space together get at most half of an equal ' +
      'part of the house.',
  }),
};
const GroupIdSchema = Type.String({ pattern: GROUP_ID.source });

/** `PUT /api/spaces/{id}/groups` */
export const WriteGroupsSchema = Type.Object(
  {
    groups: Type.Array(
      Type.Object({ id: Type.Optional(GroupIdSchema), ...GROUP }, { additionalProperties: false }),
      { maxItems: GROUPS_MAX },
    ),
  },
  { additionalProperties: false, title: 'WriteGroups' },
);
export type WriteGroups = Static<typeof WriteGroupsSchema>;

/** `GET /api/spaces/{id}/groups` */
export const GroupListSchema = Type.Object(
  {
    groups: Type.Array(
      Type.Object({
        id: GroupIdSchema,
        ...GROUP,
        linkExpiresAtMs: TimeSchema,
        path: Type.String({ description: 'Address to hand to the group: `/{space}?seat=…`.' }),
      }),
      { maxItems: GROUPS_MAX },
    ),
  },
  { title: 'GroupList' },
);
export type GroupList = Static<typeof GroupListSchema>;

/** `POST /api/spaces/{id}/relaunch`: without a successor one like it is made. */
export const RelaunchSchema = Type.Object(
  { successor: Type.Optional(SpaceIdSchema) },
  { additionalProperties: false, title: 'Relaunch' },
);

/** `GET /api/spaces/{id}/checklist`: what should be green before the start. */
export const ChecklistSchema = Type.Object(
  {
    ready: Type.Boolean({ description: 'Everything is good.' }),
    points: Type.Array(
      Type.Object({
        id: Type.Enum(['certificate', 'disk', 'clock', 'people', 'backup', 'clip'] as const),
        verdict: Type.Enum(['good', 'bad', 'unknown'] as const),
        found: Type.String({
          description:
            'certificate: valid, stale, expired, none; disk: ok, low; clock: synchronised, ' +
            'not_synchronised, not_known; people: here, nobody; backup: here, named, nobody; ' +
            'clip: there, none, damaged.',
        }),
        figure: Type.Union([Type.Integer(), Type.Null()], {
          description:
            'disk: hours of programme that fit; people: connected to the stage; backup: co-hosts; ' +
            'clip: seconds; else null.',
        }),
      }),
    ),
  },
  { title: 'Checklist' },
);
export type Checklist = Static<typeof ChecklistSchema>;

/** `POST /api/session`: the token of an owner link. */
export const OpenSessionSchema = Type.Object(
  { token: SecretSchema('Token of the one-time owner link.') },
  { additionalProperties: false, title: 'OpenSession' },
);
export type OpenSession = Static<typeof OpenSessionSchema>;

export const MeSchema = Type.Object({ owner: Type.Boolean() }, { title: 'Me' });
export type Me = Static<typeof MeSchema>;

export const CreateInviteSchema = Type.Object(
  { role: RoleSchema, name: Type.Optional(NameSchema) },
  { additionalProperties: false, title: 'CreateInvite' },
);
export type CreateInvite = Static<typeof CreateInviteSchema>;

const INVITE = {
  id: Type.String({ maxLength: 64 }),
  role: RoleSchema,
  name: Type.String({ maxLength: NAME_LENGTH_MAX, description: 'Whom it is for; may be empty.' }),
};

/** The only answer that ever carries an invitation's token: `path` is `/invite#{token}`. */
export const CreatedInviteSchema = Type.Object(
  { ...INVITE, path: Type.String({ description: 'Address to hand over: `/invite#{token}`.' }) },
  { title: 'CreatedInvite' },
);
export type CreatedInvite = Static<typeof CreatedInviteSchema>;

export const InviteSchema = Type.Object(
  { ...INVITE, createdAtMs: TimeSchema, revokedAtMs: TimeOrNullSchema },
  { title: 'Invite' },
);
export type Invite = Static<typeof InviteSchema>;

export const InviteListSchema = Type.Object(
  { invites: Type.Array(InviteSchema) },
  { title: 'InviteList' },
);
export type InviteList = Static<typeof InviteListSchema>;

/** `POST /api/invites/open`: what an invitation is for. */
export const OpenInviteSchema = Type.Object(
  { token: SecretSchema('Token of the invitation: what stands behind # in its address.') },
  { additionalProperties: false, title: 'OpenInvite' },
);
export type OpenInvite = Static<typeof OpenInviteSchema>;

export const OpenedInviteSchema = Type.Object(
  { space: PublicSpaceSchema, role: RoleSchema, name: INVITE.name },
  { title: 'OpenedInvite' },
);
export interface OpenedInvite {
  readonly space: PublicSpace;
  readonly role: Role;
  readonly name: string;
}

/** `POST /api/spaces/{id}/pass`: the owner needs no invitation. */
export const RequestPassSchema = Type.Object(
  {
    invite: Type.Optional(SecretSchema('Token of the invitation.')),
    name: NameSchema,
  },
  { additionalProperties: false, title: 'RequestPass' },
);
export type RequestPass = Static<typeof RequestPassSchema>;

export const GrantedPassSchema = Type.Object(
  {
    pass: Type.String({ description: 'Opens the stage; also a bearer token for this api.' }),
    role: RoleSchema,
    expiresAtMs: TimeSchema,
    stagePath: Type.String({ description: 'WebSocket address; append `?pass=`.' }),
    whipPath: Type.String({
      description: 'WHIP endpoint (RFC 9725); the pass is the bearer token.',
    }),
    iceServers: Type.Array(
      Type.Object({
        urls: Type.Array(Type.String()),
        username: Type.Optional(Type.String()),
        credential: Type.Optional(Type.String()),
      }),
    ),
  },
  { title: 'GrantedPass' },
);
export interface GrantedPass {
  readonly pass: string;
  readonly role: Role;
  readonly expiresAtMs: number;
  readonly stagePath: string;
  readonly whipPath: string;
  readonly iceServers: readonly IceServer[];
}

export const ErrorBodySchema = Type.Object(
  {
    error: Type.Object({
      code: Type.Enum(Object.keys(ERRORS) as ErrorCode[]),
      message: Type.String(),
      remedy: Type.String(),
      detail: Type.Optional(Type.String()),
    }),
  },
  { title: 'Error' },
);
