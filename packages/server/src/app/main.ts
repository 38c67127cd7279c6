/** The program `parterre`: hands the command line over and turns what it says into an exit code. */
import { run } from './cli.ts';

process.exitCode = await run(process.argv.slice(2));
