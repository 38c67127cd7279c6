/** The picture of the house inside Preact's tree. */

import { type HouseLight, HousePicture } from './house-picture.ts';
import { Plain } from './plain.tsx';

export type { HouseLight } from './house-picture.ts';

export function House({ light }: { light: HouseLight }) {
  return <Plain make={() => new HousePicture(light)} state={light} />;
}
