/**
 * The C programs of this folder, built with the machine's `cc` into a folder that goes with the process,
 * and spoken to by lines.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Where benches keep what they build and write; removed when the process ends. */
export const scratch = mkdtempSync(join(tmpdir(), 'parterre-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** @returns the path of the built program. @throws when there is no C compiler, or it refuses */
export function build(name: 'fanout' | 'crowd' | 'static' | 'waiters'): string {
  const program = join(scratch, name);
  execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, `${name}.c`)]);
  return program;
}

/** A program that answers each line it is given with one line. */
export class LineProcess {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(program: string, args: readonly string[]) {
    this.process = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]();
  }

  say(word: string): void {
    this.process.stdin!.write(`${word}\n`);
  }

  /** @throws when the program has ended */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done === true) throw new Error(`${this.process.spawnfile} has ended.`);
    return value;
  }

  /** Idempotent. */
  close(): void {
    this.process.kill('SIGKILL');
  }
}

/** Keeps a process to one core, where the machine can: a server and its crowd do not meet. */
export function pin(pid: number, core: number): void {
  try {
    execFileSync('taskset', ['-acp', String(core), String(pid)], { stdio: 'ignore' });
  } catch {
    // Unpinned figures are noisier, not wrong.
  }
}
