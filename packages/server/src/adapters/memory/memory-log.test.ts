import { logContract } from '../../ports/programme-log.contract.ts';
import { MemoryLog } from './index.ts';

logContract('in memory', async () => {
  const log = new MemoryLog();
  return { open: () => log, close: async () => {} };
});
