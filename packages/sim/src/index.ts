export { simulateGate } from './gate.ts';
export type { GateOutcome, GateSabotage } from './gate-outcome.ts';
export { type Ground, type Outcome, type Sabotage, simulateHouse } from './house.ts';
export { Link, type LinkOptions } from './network.ts';
export { SimProcess } from './process.ts';
export { SeededRandom } from './random.ts';
export { Broken, ToyMixer } from './toy.ts';
export { World } from './world.ts';
