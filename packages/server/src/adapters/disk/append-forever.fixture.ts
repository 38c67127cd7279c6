/** A writer to be killed: appends for ever, says each sequence and epoch once it is acknowledged. */
import { writeSync } from 'node:fs';
import { logChunk } from '../../ports/programme-log.sample.ts';
import { silentLog } from '../system/index.ts';
import { DiskLog } from './index.ts';

const writer = await new DiskLog({ dir: process.argv[2]!, log: silentLog }).openWriter(
  'evening',
  'voice',
  0,
  0,
);
for (;;) {
  const seq = writer.nextSeq;
  writer.append(logChunk(seq, writer.epoch));
  writeSync(1, `${seq} ${writer.epoch}\n`);
}
