/**
 * Who hears whom, and the way of a packet to them: the payload is copied once, then each listener's header
 * is written before it. The stage is heard by everybody; the green room by the green room alone; nobody
 * hears themselves. A packet costs no allocation per listener.
 */
import type { RtpPacket } from '@parterre/media';
import type { Seat } from './seat.ts';
import { SLOT_HEADER_BYTES } from './slot.ts';

/** Largest payload that is forwarded: Opus at 510 kbit/s makes 1275 bytes in 20 ms (RFC 6716 §3.4). */
const PAYLOAD_BYTES_MAX = 1_276;

const scratch = Buffer.alloc(SLOT_HEADER_BYTES + PAYLOAD_BYTES_MAX);
const header = new DataView(scratch.buffer, scratch.byteOffset, SLOT_HEADER_BYTES);

export function forward(seat: Seat, packet: RtpPacket, nowMs: number): void {
  const { payload } = packet;
  if (seat.listeners.length === 0 || payload.length > PAYLOAD_BYTES_MAX) return;
  scratch.set(payload, SLOT_HEADER_BYTES);
  const bytes = scratch.subarray(0, SLOT_HEADER_BYTES + payload.length);
  for (const listener of seat.listeners) {
    listener.seat.hear(listener.slot, packet, nowMs, bytes, header);
  }
}

/**
 * Brings slots and listeners of all seats up to date.
 * @param roster the seats themselves have changed, not only how loud they are
 * @returns the seats whose slots changed
 */
export function selectListeners(seats: readonly Seat[], roster: boolean, nowMs: number): Seat[] {
  const changed: Seat[] = [];
  for (const seat of seats) {
    const before = [...seat.selection.holders];
    const audible = new Set(seats.filter((other) => hears(seat, other)));
    if (!seat.selection.update(audible, nowMs)) continue;
    changed.push(seat);
    for (const [slot, holder] of before.entries()) {
      if (holder !== seat.selection.holders[slot]) seat.slots[slot]?.release();
    }
  }
  if (roster || changed.length > 0) relist(seats);
  return changed;
}

function relist(seats: readonly Seat[]): void {
  for (const seat of seats) seat.listeners.length = 0;
  for (const seat of seats) {
    for (const [slot, holder] of seat.selection.holders.entries()) {
      holder?.listeners.push({ seat, slot });
    }
  }
}

function hears(listener: Seat, speaker: Seat): boolean {
  if (listener === speaker || !speaker.alive || speaker.muted) return false;
  return speaker.place === 'stage' || listener.place === 'green';
}
