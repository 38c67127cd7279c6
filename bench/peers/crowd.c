/*
 * A crowd of listeners for every server that is compared, as cheap as it can be: one thread, epoll, one
 * shared read buffer, and nothing is looked at once the sound has begun. It counts bytes; it does not
 * verify what it hears (fanout-house.ts does).
 *
 *   crowd PORT REQUEST OPENING_BYTES
 *
 * REQUEST is a file sent by each connection; ten `#` in it stand for the connection's number. The first audio byte is the one after OPENING_BYTES of the
 * answer's body. Words on its input, one a line, each answered by one line:
 *
 *   open N AT_ONCE RATE SPIN   opens N more, at most AT_ONCE waiting for their first audio, at most RATE
 *                         a second (0: no limit), and does not sleep meanwhile with SPIN 1
 *                         -> joined failed seconds p50_ms p95_ms max_ms
 *   close N               closes the last N -> alive
 *   doze MS               looks every MS at what has come, instead of being woken by it (0: is woken): to
 *                         wake a listener is not what a server's CPU is spent on -> alive
 *   sample                -> alive bytes lost
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
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FDS_MAX = 65536, EVENTS_MAX = 1024, PER_ADDRESS = 250, READ_MAX = 65536, PATIENCE_S = 60 };
enum state { NONE, CONNECTING, IN_HEAD, IN_OPENING, HEARING };

struct listener { double began; uint32_t blank, left; unsigned char state; };

static struct listener listeners[FDS_MAX];
static int order[FDS_MAX], alive, opened, joined, failed, waiting;
static double waits[FDS_MAX];
static unsigned long long bytes, lost;
static char shared[READ_MAX], request[4096], *number;
static size_t request_length;
static unsigned connections;
static uint32_t opening_bytes;
static int poll_fd, port, doze_ms;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void gone(int fd) {
  struct listener *one = &listeners[fd];
  if (one->state == NONE) return;
  if (one->state == HEARING) lost++;
  else { failed++; waiting--; }
  one->state = NONE;
  close(fd);
}

static void begin(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || fd >= FDS_MAX) { perror("socket"); exit(1); }
  int yes = 1, group = opened / PER_ADDRESS;
  setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  struct sockaddr_in from = { .sin_family = AF_INET };
  from.sin_addr.s_addr = htonl(0x7f010001u + (uint32_t)(group / 200) * 256 + (uint32_t)(group % 200));
  bind(fd, (struct sockaddr *)&from, sizeof from);
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listeners[fd] = (struct listener){ .began = now(), .state = CONNECTING };
  order[opened++] = fd;
  waiting++;
  struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd };
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) gone(fd);
}

/* The head ends with an empty line; then OPENING_BYTES; the next byte is sound. */
static void opening(int fd, struct listener *one, ssize_t got) {
  ssize_t at = 0;
  for (; one->state == IN_HEAD && at < got; at++) {
    if (shared[at] == '\n') one->blank++;
    else if (shared[at] != '\r') one->blank = 0;
    if (one->blank == 2) { one->state = IN_OPENING; one->left = opening_bytes; }
  }
  if (one->state != IN_OPENING) return;
  if ((uint32_t)(got - at) <= one->left) { one->left -= (uint32_t)(got - at); return; }
  one->state = HEARING;
  waits[joined++] = now() - one->began;
  waiting--;
  alive++;
  struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.fd = fd };
  epoll_ctl(poll_fd, EPOLL_CTL_MOD, fd, &event);
}

static void heard(int fd, uint32_t what) {
  struct listener *one = &listeners[fd];
  if (one->state == CONNECTING && (what & EPOLLOUT)) {
    if (number != NULL) {
      char digits[11];
      snprintf(digits, sizeof digits, "%010u", connections++ % 1000000000u);
      memcpy(number, digits, 10);
    }
    if (send(fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) { gone(fd); return; }
    one->state = IN_HEAD;
  }
  if (one->state == NONE || !(what & (EPOLLIN | EPOLLERR | EPOLLHUP))) return;
  for (;;) {
    /* What is not looked at is not copied. */
    ssize_t got = recv(fd, shared, READ_MAX, one->state == HEARING ? MSG_TRUNC : 0);
    if (got <= 0) {
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (one->state == HEARING) alive--;
      gone(fd);
      return;
    }
    bytes += (unsigned long long)got;
    if (one->state != HEARING) opening(fd, one, got);
    if (got < READ_MAX) return;
  }
}

static void turn(int wait_ms) {
  static struct epoll_event events[EVENTS_MAX];
  int count = epoll_wait(poll_fd, events, EVENTS_MAX, wait_ms);
  for (int i = 0; i < count; i++) {
    if (events[i].data.fd == STDIN_FILENO) continue;
    heard(events[i].data.fd, events[i].events);
  }
}

static int by_size(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return left < right ? -1 : left > right;
}

static void open_more(int count, int at_once, double rate, int spin) {
  double began = now();
  int begun = 0;
  joined = failed = 0;
  while (joined + failed < count && now() - began < PATIENCE_S) {
    double due = rate > 0 ? (now() - began) * rate + 1 : count;
    while (begun < count && waiting < at_once && begun < due) { begin(); begun++; }
    turn(spin ? 0 : begun < count && waiting < at_once ? 1 : 50);
  }
  double seconds = now() - began;
  qsort(waits, (size_t)joined, sizeof *waits, by_size);
  double none = 0, *w = joined ? waits : &none;
  int last = joined ? joined - 1 : 0;
  printf("%d %d %.6f %.3f %.3f %.3f\n", joined, count - joined, seconds, w[last / 2] * 1e3,
         w[(int)(last * 0.95)] * 1e3, w[last] * 1e3);
}

static void close_some(int count) {
  while (count-- > 0 && opened > 0) {
    int fd = order[--opened];
    if (listeners[fd].state == HEARING) alive--;
    if (listeners[fd].state != NONE && listeners[fd].state != HEARING) waiting--;
    if (listeners[fd].state != NONE) close(fd);
    listeners[fd].state = NONE;
  }
  printf("%d\n", alive);
}

static void obey(const char *word) {
  int count, at_once, spin;
  double rate;
  if (sscanf(word, "open %d %d %lf %d", &count, &at_once, &rate, &spin) == 4)
    open_more(count, at_once, rate, spin);
  else if (sscanf(word, "close %d", &count) == 1) close_some(count);
  else if (sscanf(word, "doze %d", &doze_ms) == 1) printf("%d\n", alive);
  else printf("%d %llu %llu\n", alive, bytes, lost);
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc != 4) { fputs("crowd PORT REQUEST OPENING_BYTES\n", stderr); return 2; }
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  port = atoi(argv[1]);
  opening_bytes = (uint32_t)atol(argv[3]);
  FILE *file = fopen(argv[2], "rb");
  if (!file) { perror(argv[2]); return 1; }
  request_length = fread(request, 1, sizeof request - 1, file);
  number = strstr(request, "##########");
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = { .events = EPOLLIN, .data.fd = STDIN_FILENO };
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  for (int drained = 1;;) {
    struct epoll_event events[EVENTS_MAX];
    if (doze_ms > 0 && drained) usleep((useconds_t)doze_ms * 1000);
    int count = epoll_wait(poll_fd, events, EVENTS_MAX, doze_ms > 0 ? 0 : -1), spoken = 0;
    drained = count < EVENTS_MAX;
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd == STDIN_FILENO) spoken = 1;
      else heard(events[i].data.fd, events[i].events);
    }
    if (!spoken) continue;
    char word[256];
    ssize_t got = read(STDIN_FILENO, word, sizeof word - 1);
    if (got <= 0) return 0;
    word[got] = 0;
    obey(word);
  }
}
