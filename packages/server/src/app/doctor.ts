/**
 * `parterre doctor`: looks at this machine, network and configuration as the server would use them, and
 * says what is wrong and how to mend it. It changes nothing and starts nothing that stays.
 */
import { X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { BoundSocket, isIP } from 'node:net';
import { dirname } from 'node:path';
import { clockSynchronised, diskRoom } from './conditions.ts';
import type { Config } from './config.ts';
import { connectionsMaxOf, EDGES_MAX, edgesFor } from './places.ts';
import { publicUrlOf } from './public-url.ts';
import { addressAt, answers, socketsOf } from './sockets.ts';
import { cores } from './this-machine.ts';
import { udpPortFault } from './udp-port.ts';

/** `bad`: Parterre does not work; `poor`: it works, and people will notice. */
interface Finding {
  readonly grade: 'good' | 'poor' | 'bad';
  readonly about: string;
  readonly found: string;
  readonly remedy?: string;
}

const DISK_BYTES_MIN = 1_000_000_000;
const DESCRIPTORS_MIN = 16_384;
const CERTIFICATE_DAYS_MIN = 14;
const DAY_MS = 86_400_000;

/** @returns 0 when nothing is bad, else 1 */
export async function doctor(config: Config): Promise<number> {
  const { supervisor } = socketsOf(config.data);
  const running = (await answers(supervisor)) ? await addressAt(supervisor) : null;
  const findings = [
    runtime(),
    data(config),
    disk(config),
    ...(running === null ? [await tcpPort(config), await udpPort(config)] : [inUse(running)]),
    microphones(config),
    certificate(config),
    speakersFromOutside(config),
    descriptors(config),
    await clock(),
  ].filter((finding) => finding !== null);
  const marks = { good: 'ok  ', poor: 'poor', bad: 'BAD ' };
  for (const { grade, about, found, remedy } of findings) {
    process.stdout.write(`${marks[grade]}  ${about}: ${found}\n`);
    if (remedy !== undefined) process.stdout.write(`      ${remedy}\n`);
  }
  const bad = findings.filter(({ grade }) => grade === 'bad').length;
  const poor = findings.filter(({ grade }) => grade === 'poor').length;
  process.stdout.write(
    bad + poor === 0 ? '\nNothing is wrong.\n' : `\n${bad} bad, ${poor} poor.\n`,
  );
  return bad === 0 ? 0 : 1;
}

function runtime(): Finding {
  return { grade: 'good', about: 'Runtime', found: `Node ${process.versions.node}` };
}

function data(config: Config): Finding {
  const about = 'Data folder';
  let folder = config.data;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return { grade: 'good', about, found: `${config.data} can be written` };
  } catch {
    return {
      grade: 'bad',
      about,
      found: `${folder} may not be written by this user`,
      remedy: 'Give this user the folder (chown), or choose another with --data.',
    };
  }
}

function disk(config: Config): Finding {
  const { freeBytes: free, hours } = diskRoom(config.data);
  const found = `${(free / 1e9).toFixed(1)} GB free, room for about ${hours} hours of programme`;
  if (free >= DISK_BYTES_MIN) return { grade: 'good', about: 'Disk', found };
  return {
    grade: free < DISK_BYTES_MIN / 10 ? 'bad' : 'poor',
    about: 'Disk',
    found,
    remedy: 'Free space, lower retentionDays, or choose another disk with --data.',
  };
}

/** What runs holds its ports: they need not be the ones that are configured here. */
function inUse(address: string): Finding {
  const found = `held by the Parterre that runs on this data folder, at ${address}`;
  return { grade: 'good', about: 'Ports', found };
}

async function tcpPort(config: Config): Promise<Finding> {
  const about = `TCP port ${config.port}`;
  if (isIP(config.host) === 0) {
    return {
      grade: 'bad',
      about,
      found: `"${config.host}" is not a numeric address`,
      remedy: 'Set host to 0.0.0.0, :: or an address of this machine.',
    };
  }
  try {
    new BoundSocket({ host: config.host, port: config.port }).close();
    return { grade: 'good', about, found: 'free' };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const remedy =
      code === 'EACCES'
        ? 'Choose a port above 1023 with --port, or put a proxy in front.'
        : code === 'EADDRNOTAVAIL'
          ? `This machine does not have the address ${config.host}; set host to one it has.`
          : 'Stop the program that holds it, or choose another with --port.';
    return { grade: 'bad', about, found: `cannot be opened (${code})`, remedy };
  }
}

async function udpPort(config: Config): Promise<Finding> {
  const about = `UDP port ${config.rtcPort}`;
  const code = await udpPortFault(config.rtcPort);
  if (code === null) {
    return {
      grade: 'good',
      about,
      found: 'free; open it in the firewall for speakers from outside',
    };
  }
  return {
    grade: 'bad',
    about,
    found: `cannot be opened (${code})`,
    remedy: 'Stop the program that holds it, or choose another with --rtc-port.',
  };
}

function microphones(config: Config): Finding {
  const url = new URL(publicUrlOf(config));
  const about = 'Microphones';
  if (url.protocol === 'https:')
    return { grade: 'good', about, found: `${url.origin} is a secure context` };
  if (['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) {
    return {
      grade: 'poor',
      about,
      found: 'browsers give a microphone to this machine alone; listening works from anywhere',
      remedy:
        'For speakers on other devices set --tls-cert and --tls-key, or a proxy with HTTPS and --public-url (docs/operate/https.md).',
    };
  }
  return {
    grade: 'bad',
    about,
    found: `${url.origin} is not a secure context, so no browser gives it a microphone`,
    remedy:
      'Set --tls-cert and --tls-key, or a proxy with HTTPS and --public-url (docs/operate/https.md).',
  };
}

function certificate(config: Config): Finding | null {
  if (config.tlsCert === '') return null;
  const about = 'Certificate';
  try {
    const parsed = new X509Certificate(readFileSync(config.tlsCert));
    readFileSync(config.tlsKey);
    const days = Math.floor((parsed.validToDate.getTime() - Date.now()) / DAY_MS);
    const host = new URL(publicUrlOf(config)).hostname;
    if (days < 0)
      return {
        grade: 'bad',
        about,
        found: 'has expired',
        remedy: 'Renew it; Parterre takes the new file without a restart.',
      };
    if (parsed.checkHost(host) === undefined && parsed.checkIP(host) === undefined) {
      return {
        grade: 'bad',
        about,
        found: `is not for ${host}`,
        remedy: 'Use one for the name people open, or set --public-url to a name it holds.',
      };
    }
    const found = `for ${host}, ${days} days left`;
    return days < CERTIFICATE_DAYS_MIN
      ? { grade: 'poor', about, found, remedy: 'Renew it soon.' }
      : { grade: 'good', about, found };
  } catch (error) {
    return {
      grade: 'bad',
      about,
      found: `cannot be used: ${(error as Error).message}`,
      remedy: 'Give a PEM chain with --tls-cert and its key with --tls-key, readable by this user.',
    };
  }
}

function speakersFromOutside(config: Config): Finding {
  const about = 'Speakers from outside';
  const turn = config.iceServers.some((server) => server.startsWith('turn'));
  const found = `${config.rtcAddresses.length} public address${config.rtcAddresses.length === 1 ? '' : 'es'} configured, TURN ${turn ? 'configured' : 'not configured'}`;
  if (turn && config.rtcAddresses.length > 0) return { grade: 'good', about, found };
  return {
    grade: 'poor',
    about,
    found,
    remedy:
      'Behind NAT set --rtc-addresses to the public address; for networks that block UDP add a TURN server with --ice-servers (docs/operate/turn.md).',
  };
}

function descriptors(config: Config): Finding {
  const about = 'Descriptors';
  let limit = Number.NaN;
  try {
    limit = Number(/Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  } catch {
    // Not Linux: nothing to read.
  }
  if (Number.isNaN(limit)) return { grade: 'good', about, found: 'this system does not tell' };
  const places = connectionsMaxOf(limit);
  const edges = edgesFor(config.edges, config.listenersMax, cores(), places);
  const found = `${limit} a process, so ${places} connections an edge, and ${edges} edges for ${config.listenersMax} listeners`;
  if (edges === EDGES_MAX && edges * places < config.listenersMax)
    return { grade: 'poor', about, found, remedy: 'Raise it, or spread the house over machines.' };
  return limit >= DESCRIPTORS_MIN
    ? { grade: 'good', about, found }
    : {
        grade: 'poor',
        about,
        found,
        remedy: `Raise it: ulimit -n ${DESCRIPTORS_MIN * 4}, or LimitNOFILE in the systemd unit.`,
      };
}

async function clock(): Promise<Finding> {
  const about = 'Clock';
  const remedy =
    'Start a time service (systemd-timesyncd, chrony), so that a start at 20:00 is at 20:00.';
  const synchronised = await clockSynchronised();
  if (synchronised === true) return { grade: 'good', about, found: 'synchronised' };
  const found =
    synchronised === null ? 'whether it is synchronised cannot be told here' : 'not synchronised';
  return { grade: 'poor', about, found, remedy };
}
