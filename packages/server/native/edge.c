/*
 * The loops in which an edge calls the kernel once a connection: the same bytes to many descriptors, to each
 * its own, many connections from one socket, and what many have sent. Built where there is a C compiler (`scripts/pinned.mjs`), loaded by
 * `adapters/system/kernel.ts`; without it the same loops run in JavaScript, a call of Node's FFI for each.
 *
 * Nothing is kept between calls, nothing is allocated, no address is followed that the caller did not give,
 * and no length is read from the network. Needs no library: what it calls is in every process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Sends `bytes` to each of `count` descriptors, the negative ones passed over. For each that took less,
 * its place and what it took (0 when it failed) go to `cut`, which has room for `count` pairs.
 * Returns how many pairs.
 */
int parterre_send_each(const int *fds, int count, const void *bytes, unsigned length, int *cut) {
  int pairs = 0;
  for (int place = 0; place < count; place++) {
    if (fds[place] < 0) continue;
    ssize_t taken = send(fds[place], bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken == (ssize_t)length) continue;
    cut[2 * pairs] = place;
    cut[2 * pairs + 1] = taken < 0 ? 0 : (int)taken;
    pairs++;
  }
  return pairs;
}

/*
 * The same, to each its own: `lengths` of bytes, from `bytes`. None is passed over.
 */
int parterre_send_own(const int *fds, int count, const void *const *bytes, const unsigned *lengths, int *cut) {
  int pairs = 0;
  for (int place = 0; place < count; place++) {
    ssize_t taken = send(fds[place], bytes[place], lengths[place], MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken == (ssize_t)lengths[place]) continue;
    cut[2 * pairs] = place;
    cut[2 * pairs + 1] = taken < 0 ? 0 : (int)taken;
    pairs++;
  }
  return pairs;
}

/*
 * Asks the set `poll` for up to `max` descriptors that have something to say, and reads of each, in the order
 * of `events`, what it has sent into the next `packet_max` bytes of `packets`. What `recv` returned goes to
 * `lengths` (0 is the end, -1 nothing or an error, as for a listening socket). Returns how many.
 */
int parterre_hear_each(int poll, int max, struct epoll_event *events, int *lengths, char *packets, int packet_max) {
  int count = epoll_wait(poll, events, max, 0);
  for (int place = 0; place < count; place++) {
    lengths[place] = -1;
    if (!(events[place].events & (EPOLLIN | EPOLLERR | EPOLLHUP))) continue;
    char *packet = packets + (long)place * packet_max;
    lengths[place] = (int)recv(events[place].data.fd, packet, (size_t)packet_max, MSG_DONTWAIT);
  }
  return count;
}

/*
 * Takes up to `max` connections that wait at `listener`, adds each to the set `poll` (EPOLLIN), and reads
 * what it has sent already into the next `packet_max` bytes of `packets`. Each one's descriptor and what
 * `recv` returned (0 is the end, -1 nothing yet or an error) go to `taken`, in pairs; `taken[2 * max]` is the
 * errno of what ended it, or 0. Returns how many pairs.
 */
int parterre_accept_each(int listener, int poll, int max, int *taken, char *packets, int packet_max) {
  int count = 0;
  taken[2 * max] = 0;
  while (count < max) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      taken[2 * max] = errno;
      return count;
    }
    struct epoll_event event = { .events = EPOLLIN, .data = { .u64 = 0 } };
    event.data.fd = fd;
    if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) {
      close(fd);
      continue;
    }
    taken[2 * count] = fd;
    taken[2 * count + 1] = (int)recv(fd, packets + (long)count * packet_max, (size_t)packet_max, 0);
    count++;
  }
  return count;
}
