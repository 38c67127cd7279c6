/**
 * From an open connection to a listener: joins the house, and watches the connection for its end. The
 * handlers are shared functions; a listener adds no closure.
 */
import type { Socket } from 'node:net';
import type { SessionName } from '../gate/index.ts';
import type { Admitted } from './admission.ts';
import { KEEP_ALIVE_S } from './bare-server.ts';
import { BareSocket } from './bare-socket.ts';
import type { Listener } from './cohort.ts';
import type { House } from './house.ts';

const LISTENER = Symbol('listener');
interface ListenerSocket extends Socket {
  [LISTENER]?: Listener;
}

/**
 * The admitted request's connection becomes a listener; it has no other reader from here on.
 * @param head of the answer; null when it has been written (or is corked)
 * @param session of a player that gave its name
 */
export function listen(
  house: House,
  connection: Socket | BareSocket,
  admitted: Admitted,
  resumed: boolean,
  head: Uint8Array | null,
  session: SessionName | null,
): void {
  const listener = house.join(connection, admitted, resumed, head, session);
  if (connection instanceof BareSocket) connection.listener = listener;
  else watch(connection, listener);
}

function watch(socket: ListenerSocket, listener: Listener): void {
  socket[LISTENER] = listener;
  socket.setTimeout(0); // the house knows better who has stalled
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_S * 1_000);
  socket.on('close', onClose);
  socket.on('end', onEnd);
  socket.on('error', onError);
  socket.on('data', onData);
  socket.resume();
}

/** Whether this connection is being sent the programme: nothing else may be written to it. */
export function isListening(socket: Socket): boolean {
  return LISTENER in socket;
}

function onClose(this: ListenerSocket): void {
  this[LISTENER]?.gone();
}

/** Closing its sending side is how a player says goodbye. */
function onEnd(this: ListenerSocket): void {
  this.destroy();
}

function onError(this: ListenerSocket): void {
  this.destroy();
}

function onData(this: ListenerSocket, bytes: Buffer): void {
  this[LISTENER]?.heard(bytes.length);
}
