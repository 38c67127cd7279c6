/** Processes of the benches that answer over the channel they were started with. */
import type { ChildProcess } from 'node:child_process';

/** The next message of a child; fails when the child ends instead. */
export function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`The process ended with ${code}.`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.removeListener('exit', ended);
      resolve(message as T);
    });
  });
}

/** Says `word` and waits for the answer. */
export function ask<T>(child: ChildProcess, word: string): Promise<T> {
  child.send(word);
  return answer<T>(child);
}
