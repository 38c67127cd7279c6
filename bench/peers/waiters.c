/*
 * Waiters, as their pages poll, for every server that is compared: one thread, epoll, one shared buffer.
 * An answer is whole when as many bytes have come as its Content-Length says; a stream, which has none, with
 * its first packet.
 *
 *   waiters PORT REQUEST STATUS
 *
 * REQUEST is a file, the question; STATUS that of a right answer. Words on its input, one a line, each answered by one line:
 *
 *   fresh COUNT RATE       COUNT questions, RATE a second, each on a connection of its own, which the waiter
 *                          closes when it has its answer           -> answered failed seconds p99_ms
 *   kept POOL COUNT RATE   the same over POOL connections, one after the other; those that are not there
 *                          yet are opened first, and not counted   -> answered failed seconds p99_ms
 *   leave                  closes the pool                         -> 0 0 0 0
 *
 * PER_ADDRESS connections come from each of many loopback addresses. The end of the input ends it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FDS_MAX = 65536, EVENTS_MAX = 1024, PER_ADDRESS = 250, READ_MAX = 65536, PATIENCE_S = 60 };
enum state { NONE, CONNECTING, ASKED, ANSWERED };

struct waiter { double began; long left; unsigned char state, fresh; };

static struct waiter waiters[FDS_MAX];
static int pool[FDS_MAX], pooled, opened, answered, failed, waiting;
static double waits[1 << 20];
static char shared[READ_MAX + 1], request[4096];
static size_t request_length;
static char status_line[32];
static int poll_fd, port;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void gone(int fd) {
  struct waiter *one = &waiters[fd];
  if (one->state == NONE) return;
  if (one->state != ANSWERED) { failed++; waiting--; }
  one->state = NONE;
  close(fd);
}

static void ask(int fd) {
  struct waiter *one = &waiters[fd];
  one->state = ASKED;
  one->left = -1;
  if (send(fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) gone(fd);
}

static int begin(int fresh) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || fd >= FDS_MAX) { perror("socket"); exit(1); }
  int yes = 1, group = opened++ / PER_ADDRESS % 40000;
  setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  struct sockaddr_in from = { .sin_family = AF_INET };
  from.sin_addr.s_addr = htonl(0x7f010001u + (uint32_t)(group / 200) * 256 + (uint32_t)(group % 200));
  bind(fd, (struct sockaddr *)&from, sizeof from);
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  waiters[fd] = (struct waiter){ .began = now(), .state = CONNECTING, .fresh = (unsigned char)fresh };
  waiting++;
  struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd };
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) gone(fd);
  return fd;
}

static void read_answer(int fd, struct waiter *one, long got) {
  if (one->left < 0) {
    shared[got] = 0;
    char *end = strstr(shared, "\r\n\r\n"), *field = strcasestr(shared, "\r\ncontent-length:");
    if (!end || strncmp(shared, status_line, strlen(status_line))) { gone(fd); return; }
    one->left = field && field < end ? atol(field + 17) + (end + 4 - shared) : got;
  }
  one->left -= got;
  if (one->left > 0) return;
  one->state = ANSWERED;
  waits[answered++ & ((1 << 20) - 1)] = now() - one->began;
  waiting--;
  if (one->fresh) gone(fd);
}

static void heard(int fd, uint32_t what) {
  struct waiter *one = &waiters[fd];
  if (one->state == CONNECTING && (what & EPOLLOUT)) ask(fd);
  if (one->state == NONE || !(what & (EPOLLIN | EPOLLERR | EPOLLHUP))) return;
  for (;;) {
    ssize_t got = recv(fd, shared, READ_MAX, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) { gone(fd); return; }
    if (one->state == ASKED) read_answer(fd, one, got);
    if (one->state == NONE || got < READ_MAX) return;
  }
}

static void turn(void) {
  static struct epoll_event events[EVENTS_MAX];
  int count = epoll_wait(poll_fd, events, EVENTS_MAX, 0);
  for (int i = 0; i < count; i++) heard(events[i].data.fd, events[i].events);
}

static int by_size(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return left < right ? -1 : left > right;
}

static void tell(double seconds) {
  qsort(waits, (size_t)answered, sizeof *waits, by_size);
  printf("%d %d %.6f %.3f\n", answered, failed, seconds, answered ? waits[(int)((answered - 1) * 0.99)] * 1e3 : 0);
}

/* Until all have been answered, or for too long. */
static void settle(double began) {
  while (waiting > 0 && now() - began < PATIENCE_S) turn();
}

static void fresh(int count, double rate) {
  double began = now();
  answered = failed = 0;
  for (int begun = 0; begun < count;) {
    for (double due = (now() - began) * rate + 1; begun < count && begun < due; begun++) begin(1);
    turn();
  }
  settle(now());
  tell(now() - began);
}

static void fill_pool(int wanted) {
  for (int i = 0; i < pooled; i++) if (waiters[pool[i]].state == NONE) pool[i--] = pool[--pooled];
  while (pooled < wanted) {
    pool[pooled++] = begin(0);
    while (waiting > 64) turn();
  }
  settle(now());
}

static void kept(int wanted, int count, double rate) {
  fill_pool(wanted);
  double began = now();
  answered = failed = 0;
  for (int begun = 0; begun < count;) {
    for (double due = (now() - began) * rate + 1; begun < count && begun < due; begun++) {
      int fd = pool[begun % pooled];
      if (waiters[fd].state != ANSWERED) { failed++; continue; }
      waiters[fd].began = now();
      waiting++;
      ask(fd);
    }
    turn();
  }
  settle(now());
  tell(now() - began);
}

static void obey(const char *word) {
  int count, wanted;
  double rate;
  if (sscanf(word, "fresh %d %lf", &count, &rate) == 2) fresh(count, rate);
  else if (sscanf(word, "kept %d %d %lf", &wanted, &count, &rate) == 3) kept(wanted, count, rate);
  else {
    while (pooled > 0) gone(pool[--pooled]);
    puts("0 0 0 0");
  }
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 4) { fputs("waiters PORT REQUEST STATUS\n", stderr); return 2; }
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  port = atoi(argv[1]);
  snprintf(status_line, sizeof status_line, "HTTP/1.1 %s ", argv[3]);
  FILE *file = fopen(argv[2], "rb");
  if (!file) { perror(argv[2]); return 1; }
  request_length = fread(request, 1, sizeof request, file);
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  char word[256];
  while (fgets(word, sizeof word, stdin)) obey(word);
  return 0;
}
