/**
 * The command line. Each command is a function of its flags that returns an exit code: 0 done, 1 it
 * failed or found a fault, 2 the words were wrong.
 */
import { parseArgs } from 'node:util';
import { CONFIG_KEYS, type Config, ConfigError, flagOf, loadConfig } from './config.ts';

interface Command {
  readonly usage: string;
  readonly about: string;
  run(args: string[]): Promise<number>;
}

/** What the words were and what is wrong with them. */
class UsageError extends Error {}

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: {
    usage: 'serve [flags]',
    about: 'Starts everything on this machine.',
    run: async (args) => (await import('./supervisor.ts')).serve(configOf(args)),
  },
  probe: {
    usage: 'probe URL/space [--seconds 20] [--json]',
    about:
      'Listens without ears: checks every fragment of the live lane and exits 1 when the programme has a gap.',
    run: async (args) => (await import('./command-probe.ts')).probeCommand(args),
  },
  doctor: {
    usage: 'doctor [flags]',
    about: 'Says what is wrong with this machine, network or configuration and how to mend it.',
    run: async (args) => (await import('./doctor.ts')).doctor(configOf(args)),
  },
  rehearse: {
    usage:
      'rehearse [URL/space] [--scenario steady] [--listeners 1000] [--seconds N] [--scale X] [--speed X] [--pace 1000] [--profile near|steady] [--edges N] [--find-capacity] [--json FILE] [--report FILE] [--permit FILE] [--certificate FILE]',
    about:
      'Fills a house with listeners that verify what they hear, and says which promises held. Without an address it starts a server for it. docs/operate/rehearsal.md tells the scenarios.',
    run: async (args) => (await import('./command-rehearse.ts')).rehearseCommand(args),
  },
  certificate: {
    usage: 'certificate verify FILE [--url https://server | --key KEY] [--json] | show [FILE]',
    about:
      'Says whether a capacity certificate is genuine, in force, and of the server as it is; or what stands in it.',
    run: async (args) => (await import('./command-certificate.ts')).certificateCommand(args),
  },
  lottery: {
    usage: 'lottery verify URL/space --ticket FILE|TEXT [--nonce N] [--commit HEX] [--json]',
    about:
      'Recomputes a place in the line from before doors out of what the server publishes, and exits 1 when anything does not agree.',
    run: async (args) => (await import('./command-lottery.ts')).lotteryCommand(args),
  },
  plan: {
    usage: 'plan --listeners N [--certificate FILE] [--prices FILE] [--bitrate KBPS] [--json]',
    about: 'Counts the machines, the network and the cost of an audience, from a certificate.',
    run: async (args) => (await import('./command-plan.ts')).planCommand(args),
  },
  permit: {
    usage:
      'permit --listeners N --joins-per-s N --minutes N [--hours 24] [--disturb] [--out FILE] | --revoke ID',
    about:
      'Gives leave to rehearse on this server from elsewhere, within bounds; or takes it back.',
    run: async (args) => (await import('./command-permit.ts')).permitCommand(args),
  },
  'owner-link': {
    usage: 'owner-link [flags]',
    about: 'Prints a link that signs the owner in, once, within a day.',
    run: async (args) => {
      const { ownerLinkOfRunning } = await import('./owner-link.ts');
      process.stdout.write(`${await ownerLinkOfRunning(configOf(args))}\n`);
      return 0;
    },
  },
  version: {
    usage: 'version',
    about: 'Prints the version.',
    run: async () => {
      const { version } = await import('./version.ts');
      process.stdout.write(`parterre ${version()}, Node ${process.versions.node}\n`);
      return 0;
    },
  },
};

/** @returns the exit code */
export async function run(argv: readonly string[]): Promise<number> {
  const [word = '--help', ...rest] = argv;
  if (word === 'part') return (await import('./part-process.ts')).runPart();
  if (word === 'generator') return (await import('./command-rehearse.ts')).generatorCommand();
  if (word === 'rehearsed') return (await import('./rehearsed-server.ts')).runRehearsed(rest);
  if (word === '--help' || word === '-h' || word === 'help' || rest.includes('--help')) {
    process.stdout.write(help());
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, word === '--version' ? 'version' : word)
    ? COMMANDS[word === '--version' ? 'version' : word]
    : undefined;
  if (command === undefined) return complain(`There is no command "${word}".`);
  try {
    return await command.run(rest);
  } catch (error) {
    if (error instanceof UsageError || error instanceof ConfigError) return complain(error.message);
    throw error;
  }
}

function complain(message: string): number {
  process.stderr.write(`parterre: ${message}\nparterre --help shows what there is.\n`);
  return 2;
}

/** Flags to configuration: `--port 8040`, `--port=8040`, a bare `--demo`. */
function configOf(args: string[]): Config {
  const options: Record<string, { type: 'string' | 'boolean' }> = { config: { type: 'string' } };
  for (const [key, spec] of Object.entries(CONFIG_KEYS)) {
    options[flagOf(key).slice(2)] = { type: spec.kind === 'boolean' ? 'boolean' : 'string' };
  }
  let values: Record<string, unknown>;
  try {
    values = parseArgs({ args, options, strict: true, allowNegative: true }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const flags: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) flags[`--${name}`] = String(value);
  return loadConfig(flags, process.env);
}

function help(): string {
  const lines = [
    'Parterre: live audio spaces that start on time and stay up, whatever the crowd.',
    '',
    'Commands',
  ];
  for (const { usage, about } of Object.values(COMMANDS))
    lines.push(`  parterre ${usage}`, `      ${about}`);
  lines.push(
    '',
    'Flags of serve, doctor, owner-link, certificate, plan and permit; also in a JSON file and as PARTERRE_… variables',
  );
  lines.push('  --config FILE', '      The JSON file to read first.');
  for (const [key, spec] of Object.entries(CONFIG_KEYS)) {
    const fallback = String(spec.fallback);
    const word = spec.kind === 'boolean' ? '' : ` ${spec.kind.toUpperCase()}`;
    lines.push(
      `  ${flagOf(key)}${word}`,
      `      ${spec.about}${fallback === '' || fallback === 'false' ? '' : ` Default: ${fallback}.`}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
