/**
 * Turns whatever went wrong into the catalogue's answer. An error the caller could cause is named with
 * the field and the rule; anything else is `internal` with the request's id, and only the log knows more.
 */
import { ERRORS, type ErrorCode, errorBody, ParterreError } from '@parterre/protocol';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../ports/log.ts';

const RETRY_S = 2;

const OF_FRAMEWORK: Readonly<Record<string, readonly [ErrorCode, string?]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['too_large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['bad_request', 'The body is empty.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['bad_request', 'The body is not valid JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad_request', 'The body is not as long as announced.'],
  FST_ERR_BAD_URL: ['bad_request', 'The address is not valid.'],
  FST_ERR_MAX_PARAM_LENGTH: ['uri_too_long'],
};

export function sendError(reply: FastifyReply, code: ErrorCode, detail?: string): FastifyReply {
  if (code === 'part_away') reply.header('retry-after', RETRY_S);
  return reply
    .code(ERRORS[code].status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(errorBody(code, detail));
}

export function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): FastifyReply {
  if (error instanceof ParterreError) return sendError(reply, error.code, error.detail);
  if (error.validation !== undefined) return sendError(reply, 'bad_request', brokenRule(error));
  const known = OF_FRAMEWORK[error.code];
  if (known !== undefined) return sendError(reply, ...known);
  if (error instanceof SyntaxError && error.statusCode === 400) {
    return sendError(reply, 'bad_request', 'The body is not valid JSON.');
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return sendError(reply, 'bad_request');
  }
  log.error({ err: error, requestId: request.id }, 'a request failed by our own fault');
  return sendError(reply, 'internal', `Request ${request.id}.`);
}

/** Names the field and the rule, never the value: it may be a secret. */
function brokenRule(error: FastifyError): string {
  const first = error.validation?.[0];
  if (first === undefined) return 'The request does not fit its schema.';
  const part = error.validationContext ?? 'request';
  const field = `${part}${first.instancePath.replaceAll('/', '.')}`;
  const { params } = first;
  switch (first.keyword) {
    case 'additionalProperties':
      return `${field} must not have the field ${JSON.stringify(params.additionalProperty)}.`;
    case 'required':
      return `${field} must have the field ${JSON.stringify(params.missingProperty)}.`;
    case 'enum':
      return `${field} must be one of ${(params.allowedValues as string[]).join(', ')}.`;
    default:
      return `${field} ${first.message ?? 'is not valid'}.`;
  }
}
