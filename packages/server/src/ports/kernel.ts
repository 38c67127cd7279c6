/**
 * The kernel's own calls on descriptors: what an edge's hot path is made of, without an object of Node's
 * between.
 *
 * A call fails by returning −1. Why is not asked where the kernel says it again by itself: a connection
 * that is broken is reported by `epoll_wait`. Pointers are addresses of memory that the caller keeps.
 */
export interface Kernel {
  /** @returns descriptor, or −1 */
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, what: number, fd: number, event: bigint): number;
  /** @returns how many events were written to `events` */
  epoll_wait(epoll: number, events: bigint, max: number, timeoutMs: number): number;
  accept4(fd: number, address: bigint, length: bigint, flags: number): number;
  listen(fd: number, backlog: number): number;
  setsockopt(fd: number, level: number, name: number, value: bigint, length: number): number;
  /** @returns bytes; 0 is the end */
  read(fd: number, into: bigint, length: number): number;
  /** @returns bytes taken */
  write(fd: number, from: bigint, length: number): number;
  shutdown(fd: number, how: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  close(fd: number): number;
  /** Why the last call failed. */
  errno(): number;
  /** The calls above, many at once; null where the library for it was not built. */
  readonly loops: KernelLoops | null;
  /** Where `bytes` lie; they must be kept while the kernel is told of it, and do not move. */
  addressOf(bytes: Uint8Array | Int32Array | BigUint64Array): bigint;
  /**
   * Calls back from the event loop when a descriptor is readable: at once after a silence, then every few
   * milliseconds until `readable` says that there was nothing. @throws when the loop refuses
   */
  watch(fd: number, readable: () => boolean): Watch;
}

/** `native/edge.c`, which says what each returns. */
export interface KernelLoops {
  sendEach(fds: bigint, count: number, from: bigint, length: number, cut: bigint): number;
  sendOwn(fds: bigint, count: number, from: bigint, lengths: bigint, cut: bigint): number;
  hearEach(
    epoll: number,
    max: number,
    events: bigint,
    lengths: bigint,
    packets: bigint,
    packetMax: number,
  ): number;
  acceptEach(
    listener: number,
    epoll: number,
    max: number,
    taken: bigint,
    packets: bigint,
    packetMax: number,
  ): number;
}

/** A descriptor in Node's event loop. */
export interface Watch {
  /** Whether it keeps the process alive. */
  hold(on: boolean): void;
  /** For good; the descriptor is the caller's to close. */
  stop(): void;
}
