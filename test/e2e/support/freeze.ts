/**
 * A browser that can be stopped whole, as if its machine had been unplugged from the world: every process
 * of it stands still and nothing it owes the network is sent. Closing it ends frozen ones too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { launchOptions } from './browser.ts';

export interface Freezable {
  readonly browser: Browser;
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/** @param microphone a WAV file */
export async function launchFreezable(microphone: string): Promise<Freezable> {
  const server = await chromium.launchServer(launchOptions(microphone));
  const pid = server.process().pid!;
  const browser = await chromium.connect(server.wsEndpoint());
  return {
    browser,
    freeze: () => signalAll(pid, 'SIGSTOP'),
    thaw: () => signalAll(pid, 'SIGCONT'),
    close: async () => {
      signalAll(pid, 'SIGCONT');
      await server.close();
    },
  };
}

/** To a process and all it has started, whichever of them started it. */
function signalAll(root: number, signal: NodeJS.Signals): void {
  const parents = parentsOfAll();
  const isOurs = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined; at = parents.get(at))
      if (at === root) return true;
    return false;
  };
  for (const pid of parents.keys()) {
    if (!isOurs(pid)) continue;
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself.
    }
  }
}

function parentsOfAll(): Map<number, number> {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The command stands in brackets and may hold anything (proc(5)).
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [, parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      parents.set(Number(name), Number(parent));
    } catch {
      // It ended by itself.
    }
  }
  return parents;
}
