import { entrantsContract } from '../../ports/entrants.contract.ts';
import { MemoryEntrants } from './memory-entrants.ts';

entrantsContract(async () => {
  const entrants = new MemoryEntrants(['evening']);
  return [entrants, entrants];
});
