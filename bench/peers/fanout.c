/*
 * The least a fan-out server can do, as the limit that the edge is measured against: one thread, epoll,
 * shared bytes, no HTTP parser, nothing counted.
 *
 *   fanout PORT OPENING CHUNK INTERVAL_MS SLICES
 *
 * Answers the first packet of a connection with the file OPENING in one send, whatever was asked; then
 * sends the file CHUNK every INTERVAL_MS in one send, the listeners spread over SLICES of the interval.
 * Begins silent; the words `go` and `stop` on its input start and stop the chunks, its end ends the
 * server. Who does not take a whole chunk, or hangs up, is let go.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { FDS_MAX = 65536, EVENTS_MAX = 1024, BACKLOG = 4096, SLICES_MAX = 1000, PACKET_MAX = 4096 };

struct bytes { char *at; size_t length; };
struct slice { int *fds; int count; int room; };

static struct slice slices[SLICES_MAX];
static int slice_of[FDS_MAX]; /* -1: no listener */
static int place_of[FDS_MAX];
static int slice_count, slice_next;

static void die(const char *what) { perror(what); exit(1); }

static struct bytes contents(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) die(path);
  fseek(file, 0, SEEK_END);
  struct bytes all = { NULL, (size_t)ftell(file) };
  rewind(file);
  all.at = malloc(all.length);
  if (fread(all.at, 1, all.length, file) != all.length) die(path);
  fclose(file);
  return all;
}

static void join(int fd) {
  struct slice *slice = &slices[slice_next];
  if (slice->count == slice->room) {
    slice->room = slice->room ? slice->room * 2 : 64;
    slice->fds = realloc(slice->fds, sizeof(int) * (size_t)slice->room);
  }
  slice_of[fd] = slice_next;
  place_of[fd] = slice->count;
  slice->fds[slice->count++] = fd;
  slice_next = (slice_next + 1) % slice_count;
}

static void leave(int fd) {
  if (slice_of[fd] >= 0) {
    struct slice *slice = &slices[slice_of[fd]];
    int last = slice->fds[--slice->count];
    slice->fds[place_of[fd]] = last;
    place_of[last] = place_of[fd];
    slice_of[fd] = -1;
  }
  close(fd);
}

static void flush(struct slice *slice, struct bytes chunk) {
  for (int i = slice->count - 1; i >= 0; i--) {
    int fd = slice->fds[i];
    if (send(fd, chunk.at, chunk.length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)chunk.length) leave(fd);
  }
}

static void take_all(int listener, int poll) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (fd >= FDS_MAX) { close(fd); continue; }
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    slice_of[fd] = -1;
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  }
}

static void heard(int fd, struct bytes opening) {
  char packet[PACKET_MAX];
  ssize_t got = recv(fd, packet, sizeof packet, 0);
  if (got <= 0) {
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) leave(fd);
    return;
  }
  if (slice_of[fd] >= 0) return;
  if (send(fd, opening.at, opening.length, MSG_NOSIGNAL) != (ssize_t)opening.length) leave(fd);
  else join(fd);
}

static int listen_at(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* inherited by what is accepted */
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
  at.sin_addr.s_addr = htonl(INADDR_ANY);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, BACKLOG)) die("listen");
  return fd;
}

static void every(int timer, long ns) {
  struct itimerspec spec = { { ns / 1000000000, ns % 1000000000 }, { ns / 1000000000, ns % 1000000000 } };
  timerfd_settime(timer, 0, &spec, NULL);
}

int main(int argc, char **argv) {
  if (argc != 6) { fputs("fanout PORT OPENING CHUNK INTERVAL_MS SLICES\n", stderr); return 2; }
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  struct bytes opening = contents(argv[2]), chunk = contents(argv[3]);
  slice_count = atoi(argv[5]);
  if (slice_count < 1 || slice_count > SLICES_MAX) return 2;
  long tick_ns = atol(argv[4]) * 1000000 / slice_count;
  int listener = listen_at(atoi(argv[1])), poll = epoll_create1(EPOLL_CLOEXEC);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), due = 0;
  int watched[] = { listener, timer, STDIN_FILENO };
  for (int i = 0; i < 3; i++) {
    struct epoll_event event = { .events = EPOLLIN, .data.fd = watched[i] };
    epoll_ctl(poll, EPOLL_CTL_ADD, watched[i], &event);
  }
  puts("ready");
  fflush(stdout);
  struct epoll_event events[EVENTS_MAX];
  for (;;) {
    int count = epoll_wait(poll, events, EVENTS_MAX, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) take_all(listener, poll);
      else if (fd == timer) {
        uint64_t ticks = 0;
        if (read(timer, &ticks, sizeof ticks) < 0) continue;
        for (; ticks > 0; ticks--, due = (due + 1) % slice_count) flush(&slices[due], chunk);
      } else if (fd == STDIN_FILENO) {
        char word[64];
        ssize_t got = read(fd, word, sizeof word);
        if (got <= 0) return 0;
        every(timer, word[0] == 'g' ? tick_ns : 0);
      } else heard(fd, opening);
    }
  }
}
