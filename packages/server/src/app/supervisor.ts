/**
 * The supervisor: binds the public socket and answers to the operator's signals; the processes are
 * `processes.ts`. It reads no request and parses no input, so that nothing from outside can bring it down
 * [P1, P3]. SIGTERM and SIGINT stop everything in order, a second one at once; SIGHUP replaces the
 * processes one after the other, unheard, unless a terminal sends it, which closes.
 *
 * The public socket is bound here but listened on only by the edges that inherit it, so the kernel's
 * queue of connections outlives every edge.
 */

import { unlinkSync } from 'node:fs';
import { BoundSocket, createServer, isIP, type Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '../adapters/system/index.ts';
import type { Log } from '../ports/log.ts';
import { type Config, ConfigError } from './config.ts';
import { ownerLink } from './owner-link.ts';
import { connectionsMaxOf, edgesFor } from './places.ts';
import { Processes } from './processes.ts';
import { publicUrlOf } from './public-url.ts';
import { loadSecrets } from './secrets.ts';
import { answers, makeSocketFolder, type Sockets, socketsOf } from './sockets.ts';
import { cores, descriptorsMax } from './this-machine.ts';
import { TicketKeys } from './ticket-keys.ts';
import { udpPortFault } from './udp-port.ts';
import { version } from './version.ts';

/** The processes of a supervisor that was killed go by themselves; their port is waited for so long, ms. */
const ORPHANS_MS = 3_000;
const ASK_AGAIN_MS = 100;

/** Runs until a signal stops it. @returns the exit code */
export async function serve(asked: Config): Promise<number> {
  const log = createLog({
    level: asked.logLevel,
    part: 'supervisor',
    pretty: process.stdout.isTTY,
  });
  loadSecrets(asked.data);
  const sockets = socketsOf(asked.data);
  makeSocketFolder(sockets);
  let address = '';
  const guard = await holdDataFolder(sockets, asked, () => address);
  try {
    await checkUdpPort(asked.rtcPort);
    const socket = bind(asked);
    const config = { ...asked, edges: edgesOf(asked), port: socket.address().port };
    address = publicUrlOf(config);
    await run(config, socket.fd(), log);
    socket.close();
  } finally {
    guard.close();
  }
  return 0;
}

function edgesOf({ edges, listenersMax }: Config): number {
  return edgesFor(edges, listenersMax, cores(), connectionsMaxOf(descriptorsMax()));
}

/** Everything runs from here until a signal. */
async function run(config: Config, listenFd: number, log: Log): Promise<void> {
  const processes = new Processes({
    config,
    listenFd,
    // Neither read nor written here: it is what a descriptor can be handed to a process as.
    listenSocket: new Socket({ fd: listenFd, readable: false, writable: false }),
    ticketKeys: new TicketKeys(),
    log,
  });
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  let signals = 0;
  const stop = (): void => {
    signals += 1;
    if (signals > 1) processes.killAll();
    else void processes.stop().then(resolve);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  let open = false;
  process.on('SIGHUP', () => {
    // Who runs this in a terminal and closes it wants it to end.
    if (process.stdout.isTTY) stop();
    else if (open) void processes.deploy();
  });
  await Promise.race([processes.start(), stopped]);
  if (!processes.stopping) {
    open = true;
    announce(config);
  }
  await stopped;
}

function announce(config: Config): void {
  process.stdout.write(
    `\n  Parterre ${version()} is open.\n\n  Address      ${publicUrlOf(config)}\n  Owner link   ${ownerLink(config)}\n` +
      `               (signs you in once, within a day; parterre owner-link makes a new one)\n` +
      `${config.demo ? `  Demo         ${publicUrlOf(config)}/demo\n` : ''}\n`,
  );
}

/** Binds the public address, without listening on it. @throws ConfigError in words for the operator */
function bind(config: Config): BoundSocket {
  if (isIP(config.host) === 0)
    throw new ConfigError(`"host" must be a numeric address such as 0.0.0.0 or ::, not a name.`);
  try {
    return new BoundSocket({ host: config.host, port: config.port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new ConfigError(
        `Port ${config.port} is taken by another program. Stop it, or choose another with --port.`,
      );
    if (code === 'EACCES')
      throw new ConfigError(
        `Port ${config.port} may not be opened by this user. Choose one above 1023 with --port, or put a proxy in front.`,
      );
    if (code === 'EADDRNOTAVAIL')
      throw new ConfigError(`This machine does not have the address ${config.host}.`);
    throw error;
  }
}

/** @throws ConfigError when the port of the speakers cannot be opened */
async function checkUdpPort(port: number): Promise<void> {
  const deadline = performance.now() + ORPHANS_MS;
  for (;;) {
    const code = await udpPortFault(port);
    if (code === null) return;
    if (code === 'EADDRINUSE' && performance.now() < deadline) await sleep(ASK_AGAIN_MS);
    else if (code === 'EADDRINUSE')
      throw new ConfigError(
        `UDP port ${port} is taken by another program. Stop it, or choose another with --rtc-port.`,
      );
    else
      throw new ConfigError(
        `UDP port ${port} cannot be opened (${code}). Choose another with --rtc-port.`,
      );
  }
}

/**
 * One data folder, one server: two would both write the programme.
 * @param address what is said to whoever connects
 */
async function holdDataFolder(
  sockets: Sockets,
  config: Config,
  address: () => string,
): Promise<Server> {
  if (await answers(sockets.supervisor))
    throw new ConfigError(
      `Another Parterre runs on ${config.data}. Stop it, or choose another folder with --data.`,
    );
  try {
    unlinkSync(sockets.supervisor); // what a crash left
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const guard = createServer((socket) => {
    socket.on('error', () => {}); // who only asked whether somebody answers has gone
    socket.end(address()).destroySoon();
  });
  await new Promise<void>((resolve, reject) => {
    guard.once('error', reject);
    guard.listen(sockets.supervisor, resolve);
  });
  return guard;
}
