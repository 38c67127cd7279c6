/** The REST api's schemas: what validates a request is what the OpenAPI document is made from. */
import { type Static, Type } from 'typebox';
import { SPACE_ID } from './space.ts';

export const SpaceIdSchema = Type.String({ pattern: SPACE_ID.source, description: 'Address of the space.' });
export const TitleSchema = Type.String({ minLength: 1, maxLength: 120 });
export const NameSchema = Type.String({ minLength: 1, maxLength: 60 });
export const RoleSchema = Type.Union([Type.Literal('host'), Type.Literal('cohost'), Type.Literal('speaker')]);

export const CreateSpaceSchema = Type.Object(
  {
    title: TitleSchema,
    id: Type.Optional(SpaceIdSchema),
    host: Type.Optional(NameSchema),
    /** Announced start, ms since the Unix epoch; now when left out. */
    startsAtMs: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Doors open this long before the start, minutes. */
    doorsMinutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 1440 })),
    profile: Type.Optional(Type.Union([Type.Literal('near'), Type.Literal('steady')])),
    rendition: Type.Optional(Type.Union([Type.Literal('voice'), Type.Literal('music')])),
    holdingSound: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type CreateSpace = Static<typeof CreateSpaceSchema>;
