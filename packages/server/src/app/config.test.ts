import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CONFIG_KEYS, ConfigError, flagOf, loadConfig, variableOf } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'parterre-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string): string {
  const path = join(folder, 'config.json');
  writeFileSync(path, content);
  return path;
}

describe('configuration', () => {
  test('stands on its own with nothing given', () => {
    const config = loadConfig({}, {});
    expect(config.port).toBe(8040);
    expect(config.edges).toBe(0);
    expect(Object.keys(config).toSorted()).toEqual(Object.keys(CONFIG_KEYS).toSorted());
  });

  test('flags win over the environment, the environment over the file', () => {
    const path = file('{ "port": 1001, "edges": 3, "logLevel": "warn" }');
    const config = loadConfig(
      { '--config': path, '--port': '1003' },
      { PARTERRE_PORT: '1002', PARTERRE_EDGES: '4' },
    );
    expect([config.port, config.edges, config.logLevel]).toEqual([1003, 4, 'warn']);
  });

  test('unknown keys are refused wherever they stand', () => {
    expect(() => loadConfig({ '--config': file('{ "prot": 1 }') }, {})).toThrow(/"prot"/);
    expect(() => loadConfig({}, { PARTERRE_PROT: '1' })).toThrow(/PARTERRE_PROT/);
    expect(() => loadConfig({ '--prot': '1' }, {})).toThrow(/--prot/);
    expect(() => loadConfig({ '--config': file('{ "__proto__": 1, "toString": 2 }') }, {})).toThrow(
      ConfigError,
    );
  });

  test('a value that breaks a rule is refused by the rule and the place, without being repeated', () => {
    expect(() => loadConfig({ '--port': '80400' }, {})).toThrow(
      '"port" in --port must be a whole number from 0 to 65535.',
    );
    expect(() => loadConfig({ '--port': 'http' }, {})).toThrow(/whole number/);
    expect(() => loadConfig({ '--log-level': 'loud' }, {})).toThrow(
      /one of debug, info, warn, error/,
    );
    expect(() => loadConfig({ '--config': file('{ "store": 5, "demo": "yes" }') }, {})).toThrow(
      /"store"/,
    );
    expect(() => loadConfig({ '--tls-cert': 'cert.pem' }, {})).toThrow(/go together/);
  });

  test('a file that is not one JSON object is refused with its path', () => {
    expect(() => loadConfig({ '--config': file('[1]') }, {})).toThrow(/one JSON object/);
    expect(() => loadConfig({ '--config': file('{') }, {})).toThrow(/cannot be read as JSON/);
    expect(() => loadConfig({ '--config': join(folder, 'none') }, {})).toThrow(/none/);
  });

  test('lists and booleans have their own words', () => {
    const config = loadConfig(
      { '--demo': 'true', '--rtc-addresses': '203.0.113.7, 2001:db8::7' },
      {},
    );
    expect(config.demo).toBe(true);
    expect(config.rtcAddresses).toEqual(['203.0.113.7', '2001:db8::7']);
  });

  test('the public address is an origin', () => {
    for (const address of [
      'https://live.example.org',
      'http://192.0.2.7:8040/',
      'http://[::1]:1',
    ]) {
      expect(loadConfig({ '--public-url': address }, {}).publicUrl).toBe(address);
    }
    for (const address of [
      'live.example.org',
      'ftp://live.example.org',
      'https://live.example.org/radio',
      'https://live.example.org?x',
      'https://ada:secret@live.example.org',
      'https://',
      'javascript:alert(1)',
    ]) {
      expect(() => loadConfig({ '--public-url': address }, {})).toThrow(/"publicUrl" must be/);
    }
  });

  test('a STUN or TURN address of another form is refused by its place, without its password', () => {
    const words = 'stun:stun.example.org:3478,turns:ada:secret@turn.example.org:443';
    expect(loadConfig({ '--ice-servers': words }, {}).iceServers).toHaveLength(2);
    const load = () =>
      loadConfig({}, { PARTERRE_ICE_SERVERS: `${words},turn:ada:secret@@turn.example.org` });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(/^iceServers, entry 3, must be (?!.*secret)/);
  });

  test('flags and variables are named after their key', () => {
    expect([flagOf('tlsCert'), variableOf('tlsCert')]).toEqual(['--tls-cert', 'PARTERRE_TLS_CERT']);
  });
});
