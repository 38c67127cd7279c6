/**
 * Where the seats of the house stand: arcs around the stage, seen from the gallery, nearer rows larger.
 * Pure geometry in CSS pixels; the painter is `house.tsx`. Bounded: never more than SEATS_MAX seats.
 */

export interface HouseSeat {
  readonly x: number;
  readonly y: number;
  /** Width of the seat. */
  readonly size: number;
  /** 0 is the row at the stage. */
  readonly row: number;
}

export interface HousePlan {
  readonly seats: readonly HouseSeat[];
  readonly rows: number;
  /** Index of the seat that is yours: near the middle of the last row but one. */
  readonly yours: number;
  readonly stage: { readonly x: number; readonly y: number; readonly halfWidth: number };
}

export const SEATS_MAX = 420;
const ROWS_MAX = 9;

/** The plan for a picture of `width` by `height`. */
export function planHouse(width: number, height: number): HousePlan {
  const centre = width / 2;
  const stageY = height * 0.2;
  const stage = { x: centre, y: stageY, halfWidth: Math.min(width * 0.3, height * 0.62) };
  const rows = Math.max(4, Math.min(ROWS_MAX, Math.round(height / 34)));
  const top = stageY + height * 0.17;
  const seats: HouseSeat[] = [];
  let yours = 0;
  for (let row = 0; row < rows; row += 1) {
    const depth = rows === 1 ? 0 : row / (rows - 1);
    const size = 7 + (height / 34) * (0.35 + depth);
    const y = top + (height - top - size * 0.7) * depth ** 1.18;
    const halfSpan = Math.min(width * 0.49, stage.halfWidth * (1.12 + depth * 1.25));
    const pitch = size * 1.42;
    const count = Math.min(61, Math.floor((halfSpan * 2) / pitch));
    for (let place = 0; place < count; place += 1) {
      const across = (place - (count - 1) / 2) * pitch;
      // The aisle down the middle, and rows that bend round the stage.
      const aisle = Math.sign(across) * size * 0.55;
      const x = centre + across + aisle;
      const bend = (across / halfSpan) ** 2 * height * 0.075 * (0.45 + depth * 0.55);
      if (seats.length < SEATS_MAX && x > size / 2 && x < width - size / 2) {
        if (row === rows - 2 && Math.abs(place - count / 2) < 1) yours = seats.length;
        seats.push({ x, y: y - bend, size, row });
      }
    }
  }
  return { seats, rows, yours, stage };
}
