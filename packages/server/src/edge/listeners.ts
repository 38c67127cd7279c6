/**
 * From an open connection to a listener: writes the head of the answer, joins the house, and watches
 * the connection for its end. The handlers are shared functions; a listener adds no closure.
 */
import type { Socket } from 'node:net';
import type { Listener } from './cohort.ts';
import type { Admission, House } from './house.ts';

type Admitted = Extract<Admission, { readonly cohort: unknown }>;

/** A listener has nothing more to say; one that goes on sending is cut off. */
const CHATTER_BYTES_MAX = 4_096;

const LISTENER = Symbol('listener');
interface ListenerSocket extends Socket {
  [LISTENER]?: Listener;
}

/** The admitted request's connection becomes a listener; `socket` has no other reader from here on. */
export function listen(house: House, socket: Socket, admitted: Admitted, resumed: boolean): void {
  const listening: ListenerSocket = socket;
  listening[LISTENER] = house.join(socket, admitted.cohort, admitted.startSeq, resumed);
  socket.setTimeout(0); // the house knows better who has stalled
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
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

/** A peer that vanished without a word is found by the kernel's probes after this long idle. */
const KEEP_ALIVE_MS = 30_000;

function onClose(this: ListenerSocket): void {
  const listener = this[LISTENER];
  if (listener === undefined || listener.place === -1) return;
  listener.cohort.counters.leaves++;
  listener.leave();
}

/** Closing its sending side is how a player says goodbye. */
function onEnd(this: ListenerSocket): void {
  this.destroy();
}

function onError(this: ListenerSocket): void {
  this.destroy();
}

function onData(this: ListenerSocket, bytes: Buffer): void {
  const listener = this[LISTENER];
  if (listener === undefined) return;
  listener.heardBytes += bytes.length;
  if (listener.heardBytes > CHATTER_BYTES_MAX) listener.drop('chatter');
}
