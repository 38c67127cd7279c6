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

const ROWS_MAX = 9;
const SIDE_MAX = 30;
/** More than this are never drawn. */
export const SEATS_MAX = ROWS_MAX * SIDE_MAX * 2;

/** The plan for a picture of `width` by `height`. */
export function planHouse(width: number, height: number): HousePlan {
  const centre = width / 2;
  const stageY = height * 0.24;
  const stage = { x: centre, y: stageY, halfWidth: Math.min(width * 0.3, height * 0.62) };
  const rows = Math.max(4, Math.min(ROWS_MAX, Math.round(height / 34)));
  const top = stageY + height * 0.15;
  const seats: HouseSeat[] = [];
  let yours = 0;
  for (let row = 0; row < rows; row += 1) {
    const depth = row / (rows - 1);
    const size = 7 + (height / 34) * (0.35 + depth);
    const y = top + (height - top - size * 0.7) * depth ** 1.18;
    const halfSpan = Math.min(
      width * (0.36 + 0.13 * depth),
      stage.halfWidth * (1.12 + depth * 1.3),
    );
    // As many seats on either side of the aisle, spread so that the rows' ends make one line.
    const side = Math.max(2, Math.min(SIDE_MAX, Math.floor((halfSpan - size) / (size * 1.42))));
    const pitch = (halfSpan - size) / side;
    for (const hand of [-1, 1]) {
      for (let place = 0; place < side; place += 1) {
        const across = hand * (size + (place + 0.5) * pitch);
        const bend = (across / halfSpan) ** 2 * height * 0.075 * (0.45 + depth * 0.55);
        if (row === rows - 2 && hand === 1 && place === 0) yours = seats.length;
        seats.push({ x: centre + across, y: y - bend, size, row });
      }
    }
  }
  return { seats, rows, yours, stage };
}
