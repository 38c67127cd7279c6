/** The gate: decides who comes in and when; capacity, places, tickets and the line. */
export { GateAtEdge } from './at-edge.ts';
export { capacityOf, floatOf, type GateCapacity } from './capacity.ts';
export { GateCoordinator } from './coordinator.ts';
export { EgressMeter, listenersWithin } from './egress.ts';
export { type GroupPlaces, spaceOfRow } from './group.ts';
export { type GateKeeper, type OpenSpace, RETRY_SOON_S } from './keeper.ts';
export { Ladder, RUNGS, type Rung, type Strain } from './ladder.ts';
export type { DrawnSpace, Lotteries } from './lotteries.ts';
export type { EdgeGrant, EdgeReport, SessionName, Spending } from './messages.ts';
export type { Issued, TicketOffice, TicketWish } from './office.ts';
export { readTicket } from './ticket.ts';
