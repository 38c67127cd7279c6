/**
 * Who spoke when, from what the snapshots say. A pause shorter than PAUSE_MS does not end a turn, and what
 * is shorter than TURN_MS_MIN is a cough, not a turn. Bounded: beyond TURNS_MAX no more are kept.
 */
const PAUSE_MS = 2_000;
const TURN_MS_MIN = 400;
const TURNS_MAX = 20_000;

export interface Turn {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

interface Open {
  readonly name: string;
  readonly fromMs: number;
  toMs: number;
  speaking: boolean;
}

export class Turns {
  private readonly open = new Map<string, Open>();
  private readonly turns: Turn[] = [];

  /** From `atMs` on exactly these speak: seat → name. Times ascend. */
  heard(atMs: number, speakers: ReadonlyMap<string, string>): void {
    for (const [seat, turn] of this.open) {
      if (turn.speaking) turn.toMs = atMs;
      turn.speaking = speakers.has(seat);
      if (!turn.speaking && atMs - turn.toMs >= PAUSE_MS) this.end(seat, turn);
    }
    for (const [seat, name] of speakers) {
      if (this.open.has(seat)) continue;
      this.open.set(seat, { name, fromMs: atMs, toMs: atMs, speaking: true });
    }
  }

  /** All turns in the order in which they began. */
  done(endMs: number): readonly Turn[] {
    for (const [seat, turn] of this.open) {
      if (turn.speaking) turn.toMs = endMs;
      this.end(seat, turn);
    }
    return this.turns.sort((a, b) => a.fromMs - b.fromMs);
  }

  private end(seat: string, { name, fromMs, toMs }: Open): void {
    this.open.delete(seat);
    if (toMs - fromMs >= TURN_MS_MIN && this.turns.length < TURNS_MAX) {
      this.turns.push({ name, fromMs, toMs });
    }
  }
}
