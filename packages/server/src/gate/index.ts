/** The gate: decides who comes in and when; capacity, places, tickets and the line. */
export { capacityOf, floatOf, type GateCapacity } from './capacity.ts';
export { GateCoordinator } from './coordinator.ts';
export { GateKeeper, type OpenSpace, RETRY_SOON_S } from './keeper.ts';
export type { EdgeGrant, EdgeReport, Spending } from './messages.ts';
