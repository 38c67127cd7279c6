/**
 * A place in line without the player: what a page needs that is to be small until it is somebody's turn.
 * `listen({ queue })` goes on from it.
 */
export { lookForDoorsMs } from '../listen/doors.ts';
export { keptReturn } from '../listen/return-token.ts';
export { browserSystem, type System } from '../listen/system.ts';
export type { Draw } from './draw.ts';
export { type Look, type Place, Queue } from './queue.ts';
export { hasTicket } from './ticket.ts';
