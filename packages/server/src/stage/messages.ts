/**
 * The signalling messages of a browser, read with every field bounded. Reading is total: any text gives a
 * message or null; unknown fields are passed over, so that newer pages can talk to older stages.
 */
import type { ToStage } from '@parterre/protocol';
import { SIGNAL_BYTES_MAX } from '@parterre/protocol';
import { CANDIDATE_LENGTH_MAX, NAME_LENGTH_MAX } from './limits.ts';

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const RESUME_LENGTH_MAX = 1_024;

type Fields = Readonly<Record<string, unknown>>;

export function parseMessage(text: string): ToStage | null {
  if (text.length > SIGNAL_BYTES_MAX) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return messageOf(value as Fields);
}

function messageOf(fields: Fields): ToStage | null {
  const { type } = fields;
  switch (type) {
    case 'join':
      return joinOf(fields);
    case 'answer': {
      const { offerId, sdp } = fields;
      return isCount(offerId) && typeof sdp === 'string' ? { type, offerId, sdp } : null;
    }
    case 'candidate': {
      const { offerId, candidate, mid } = fields;
      const valid = isCount(offerId) && isText(candidate, CANDIDATE_LENGTH_MAX) && isText(mid, 32);
      return valid ? { type, offerId, candidate, mid } : null;
    }
    case 'mute':
      return typeof fields.muted === 'boolean' ? { type, muted: fields.muted } : null;
    case 'place': {
      const { seat, place } = fields;
      const valid = isId(seat) && (place === 'green' || place === 'stage');
      return valid ? { type, seat, place } : null;
    }
    case 'silence':
    case 'remove':
      return isId(fields.seat) ? { type, seat: fields.seat } : null;
    case 'reconnect':
    case 'leave':
      return { type };
    case 'ping':
      return typeof fields.t === 'number' ? { type, t: fields.t } : null;
    default:
      return null;
  }
}

function joinOf(fields: Fields): ToStage | null {
  const { name, clientId, resume, takeOver } = fields;
  if (!isText(name, NAME_LENGTH_MAX * 2) || !isId(clientId)) return null;
  if (resume !== undefined && !isText(resume, RESUME_LENGTH_MAX)) return null;
  return {
    type: 'join',
    name,
    clientId,
    ...(resume === undefined ? {} : { resume }),
    takeOver: takeOver === true,
  };
}

function isText(value: unknown, lengthMax: number): value is string {
  return typeof value === 'string' && value.length <= lengthMax;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
