/**
 * The kernel's calls by `node:ffi`, on Linux. A callback of libuv's must not throw and leaves Node's queues
 * as they are; so what is watched is told of by an immediate, which runs in the same turn of the loop.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Kernel, KernelLoops } from '../../ports/kernel.ts';

interface Signature {
  readonly arguments: readonly string[];
  readonly return: string;
}
type Native = (...args: readonly (number | bigint)[]) => number;
/** What is used of `node:ffi`, whose types Node's declarations do not have yet. */
interface Ffi {
  readonly DynamicLibrary: new (
    path: string | null,
  ) => {
    getFunction(name: string, signature: Signature): Native;
    registerCallback(signature: Signature, callback: () => void): bigint;
  };
  getRawPointer(bytes: Uint8Array | Int32Array | BigUint64Array): bigint;
  getInt32(address: bigint): number;
  getCurrentEventLoop(): bigint;
}

/** `uv_poll_t` is smaller on every platform (160 bytes on 64-bit Linux). */
const POLL_BYTES = 512;
const UV_READABLE = 1;
/** To be woken for each of thousands a second costs as much as what they want; together they wait this long, ms. */
const DOZE_MS = 2;

/** What `native/edge.c` is built into, in the repository and in the compiled package; need not exist. */
export function kernelLibrary(): string {
  const up = import.meta.filename.endsWith('.ts') ? ['..', '..', '..'] : ['..'];
  const name = `edge-${process.platform}-${process.arch}.so`;
  return join(import.meta.dirname, ...up, 'native', name);
}

/**
 * @param library what `native/edge.c` was built into; it need not exist
 * @returns null where they cannot be had. Node warns, once, that its FFI is experimental.
 */
export function loadKernel(library: string | null): Kernel | null {
  if (process.platform !== 'linux') return null;
  try {
    const ffi = process.getBuiltinModule('node:ffi' as never) as unknown as Ffi | undefined;
    return ffi === undefined ? null : bind(ffi, library);
  } catch {
    return null;
  }
}

/** @returns null where it is not, or is for another machine */
function loadLoops(ffi: Ffi, library: string | null): KernelLoops | null {
  if (library === null || !existsSync(library)) return null;
  try {
    const loaded = new ffi.DynamicLibrary(library);
    const i32 = (name: string, ...types: string[]): never =>
      loaded.getFunction(name, { arguments: types, return: 'i32' }) as never;
    return {
      sendEach: i32('parterre_send_each', 'pointer', 'i32', 'pointer', 'u32', 'pointer'),
      sendOwn: i32('parterre_send_own', 'pointer', 'i32', 'pointer', 'pointer', 'pointer'),
      hearEach: i32('parterre_hear_each', 'i32', 'i32', 'pointer', 'pointer', 'pointer', 'i32'),
      acceptEach: i32('parterre_accept_each', 'i32', 'i32', 'i32', 'pointer', 'pointer', 'i32'),
    };
  } catch {
    return null;
  }
}

function bind(ffi: Ffi, library: string | null): Kernel {
  const program = new ffi.DynamicLibrary(null);
  const i32 = (name: string, ...types: string[]): never =>
    program.getFunction(name, { arguments: types, return: 'i32' }) as never;
  const pointer = (name: string): bigint =>
    program.getFunction(name, { arguments: [], return: 'pointer' })() as never;
  const errnoAt = pointer('__errno_location');
  const pollInit: (loop: bigint, poll: bigint, fd: number) => number = i32(
    'uv_poll_init',
    'pointer',
    'pointer',
    'i32',
  );
  const pollStart: (poll: bigint, events: number, callback: bigint) => number = i32(
    'uv_poll_start',
    'pointer',
    'i32',
    'pointer',
  );
  const pollStop: (poll: bigint) => number = i32('uv_poll_stop', 'pointer');
  const hold = program.getFunction('uv_ref', { arguments: ['pointer'], return: 'void' });
  const release = program.getFunction('uv_unref', { arguments: ['pointer'], return: 'void' });
  return {
    epoll_create1: i32('epoll_create1', 'i32'),
    epoll_ctl: i32('epoll_ctl', 'i32', 'i32', 'i32', 'pointer'),
    epoll_wait: i32('epoll_wait', 'i32', 'pointer', 'i32', 'i32'),
    accept4: i32('accept4', 'i32', 'pointer', 'pointer', 'i32'),
    listen: i32('listen', 'i32', 'i32'),
    setsockopt: i32('setsockopt', 'i32', 'i32', 'i32', 'pointer', 'u32'),
    read: i32('read', 'i32', 'pointer', 'u32'),
    write: i32('write', 'i32', 'pointer', 'u32'),
    shutdown: i32('shutdown', 'i32', 'i32'),
    fcntl: i32('fcntl', 'i32', 'i32', 'i32'),
    close: i32('close', 'i32'),
    errno: () => ffi.getInt32(errnoAt),
    loops: loadLoops(ffi, library),
    addressOf: (bytes) => ffi.getRawPointer(bytes),
    watch(fd, readable) {
      const poll = Buffer.alloc(POLL_BYTES);
      WATCHED.push(poll);
      const at = ffi.getRawPointer(poll);
      let dozing: NodeJS.Timeout | null = null;
      let stopped = false;
      const look = (): void => {
        if (stopped) return;
        const found = readable();
        if (found && dozing === null) pollStop(at);
        if (found) dozing = setTimeout(look, DOZE_MS);
        else if (dozing !== null) {
          dozing = null;
          pollStart(at, UV_READABLE, callback);
        }
      };
      const callback = program.registerCallback(
        { arguments: ['pointer', 'i32', 'i32'], return: 'void' },
        () => void setImmediate(look),
      );
      const failed =
        pollInit(ffi.getCurrentEventLoop(), at, fd) || pollStart(at, UV_READABLE, callback);
      if (failed !== 0) throw new Error(`The event loop does not take a descriptor (${failed}).`);
      return {
        hold: (on) => void (on ? hold : release)(at),
        stop() {
          stopped = true;
          if (dozing !== null) clearTimeout(dozing);
          pollStop(at);
        },
      };
    },
  };
}

/** The loop's handles, which stay where they are as long as the process. */
const WATCHED: Buffer[] = [];
