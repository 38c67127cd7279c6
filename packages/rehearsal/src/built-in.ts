/** The scenarios that come with the program: the files of `scenarios/`. */
import doors from '../scenarios/doors.json' with { type: 'json' };
import edgeCrash from '../scenarios/edge-crash.json' with { type: 'json' };
import interview2023 from '../scenarios/interview-2023.json' with { type: 'json' };
import interview2024 from '../scenarios/interview-2024.json' with { type: 'json' };
import massExit from '../scenarios/mass-exit.json' with { type: 'json' };
import overrun from '../scenarios/overrun.json' with { type: 'json' };
import retryStorm from '../scenarios/retry-storm.json' with { type: 'json' };
import rollingDeploy from '../scenarios/rolling-deploy.json' with { type: 'json' };
import slowReaders from '../scenarios/slow-readers.json' with { type: 'json' };
import soak from '../scenarios/soak.json' with { type: 'json' };
import stampede from '../scenarios/stampede.json' with { type: 'json' };
import steady from '../scenarios/steady.json' with { type: 'json' };

export const BUILT_IN = [
  steady,
  doors,
  stampede,
  overrun,
  interview2024,
  interview2023,
  massExit,
  retryStorm,
  edgeCrash,
  rollingDeploy,
  slowReaders,
  soak,
] as readonly { readonly name: string; readonly about: string }[];
