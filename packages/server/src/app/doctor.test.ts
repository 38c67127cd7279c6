import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from './config.ts';
import { doctor } from './doctor.ts';
import { makeSocketFolder, socketsOf } from './sockets.ts';

let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(data, { recursive: true, force: true });
});

/** What it says, by what it is about: the grade, what was found, and the remedy. */
async function examine(flags: Record<string, string>) {
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  const free = { '--host': '127.0.0.1', '--port': '0', '--rtc-port': '0', '--data': data };
  const code = await doctor(loadConfig({ ...free, ...flags }, {}));
  vi.restoreAllMocks();
  const said = written.join('');
  const about = (what: string): string =>
    new RegExp(`^(?:ok  |poor|BAD )  ${what}.*(?:\n {6}.*)?`, 'm').exec(said)?.[0] ?? '';
  return { code, said, about };
}

describe('the doctor', () => {
  it('is content with free ports, a folder and a name with HTTPS', async () => {
    const { code, about } = await examine({ '--public-url': 'https://live.example.org' });
    expect(code).toBe(0);
    for (const what of ['Runtime', 'Data folder', 'TCP port', 'UDP port', 'Microphones'])
      expect(about(what)).toMatch(/^ok/);
  });

  it('says which port is taken, and the way out', async () => {
    const tcp = createServer();
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
    const udp = createSocket('udp4');
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
    const { code, about } = await examine({
      '--port': String((tcp.address() as AddressInfo).port),
      '--rtc-port': String(udp.address().port),
    });
    tcp.close();
    udp.close();
    expect(code).toBe(1);
    expect(about('TCP port')).toMatch(/^BAD .*EADDRINUSE.*\n.*--port/);
    expect(about('UDP port')).toMatch(/^BAD .*EADDRINUSE.*\n.*--rtc-port/);
  });

  it('takes the ports of the server that runs for its own, wherever it is', async () => {
    const sockets = socketsOf(data);
    makeSocketFolder(sockets);
    const guard = createServer((socket) => {
      socket.on('error', () => {}); // who only asks whether somebody answers
      socket.end('http://localhost:9000');
    });
    await new Promise<void>((resolve) => guard.listen(sockets.supervisor, resolve));
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { code, about } = await examine({
      '--port': String((taken.address() as AddressInfo).port),
    });
    taken.close();
    guard.close();
    expect(code).toBe(0);
    expect(about('Ports')).toMatch(/^ok .*at http:\/\/localhost:9000$/);
  });

  it('says that phones get no microphone without HTTPS, and that this machine does', async () => {
    const remote = await examine({ '--public-url': 'http://live.example.org' });
    expect(remote.code).toBe(1);
    expect(remote.about('Microphones')).toMatch(/^BAD .*\n.*--tls-cert/);
    const local = await examine({});
    expect(local.code).toBe(0);
    expect(local.about('Microphones')).toMatch(/^poor/);
  });

  it('says that a certificate cannot be used, and keeps on', async () => {
    const path = join(data, 'cert.pem');
    writeFileSync(path, 'no certificate');
    const { code, about } = await examine({ '--tls-cert': path, '--tls-key': path });
    expect(code).toBe(1);
    expect(about('Certificate')).toMatch(/^BAD .*cannot be used/);
    expect(about('Clock')).not.toBe('');
  });

  it('names a folder that cannot be made, and finds the disk of one that is not there yet', async () => {
    writeFileSync(join(data, 'file'), '');
    const { about } = await examine({ '--data': join(data, 'later', 'deeper') });
    expect(about('Data folder')).toMatch(/^ok/);
    expect(about('Disk')).toMatch(/GB free/);
    const inFile = await examine({ '--data': join(data, 'file', 'below') });
    expect(inFile.code).toBe(1);
    expect(inFile.about('Data folder')).toMatch(/^BAD/);
  });

  it('tells TURN and public addresses', async () => {
    const { about, said } = await examine({
      '--rtc-addresses': '203.0.113.7',
      '--ice-servers': 'turns:parterre:secret@turn.example.org:443',
    });
    expect(about('Speakers from outside')).toMatch(/^ok .*TURN configured/);
    expect(said).not.toContain('secret');
  });
});
