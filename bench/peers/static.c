/*
 * The least a server of one static document can do, as the limit that the waiting room is measured
 * against: one thread, epoll, one answer for whatever is asked, no HTTP parser.
 *
 *   static PORT ANSWER
 *
 * Each packet is answered with the file ANSWER in one send; the connection is kept until the client closes
 * it. The end of its input ends the server.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 1024, BACKLOG = 4096, PACKET_MAX = 4096, ANSWER_MAX = 65536 };

static char answer[ANSWER_MAX];
static size_t length;

static void take_all(int listener, int poll) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
  }
}

static void heard(int fd) {
  char packet[PACKET_MAX];
  ssize_t got = recv(fd, packet, sizeof packet, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0 || send(fd, answer, length, MSG_NOSIGNAL) != (ssize_t)length) close(fd);
}

int main(int argc, char **argv) {
  if (argc != 3) { fputs("static PORT ANSWER\n", stderr); return 2; }
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  FILE *file = fopen(argv[2], "rb");
  if (!file) { perror(argv[2]); return 1; }
  length = fread(answer, 1, sizeof answer, file);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* inherited by what is accepted */
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
  at.sin_addr.s_addr = htonl(INADDR_ANY);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, BACKLOG)) {
    perror("listen");
    return 1;
  }
  int poll = epoll_create1(EPOLL_CLOEXEC), watched[] = { listener, STDIN_FILENO };
  for (int i = 0; i < 2; i++) {
    struct epoll_event event = { .events = EPOLLIN, .data.fd = watched[i] };
    epoll_ctl(poll, EPOLL_CTL_ADD, watched[i], &event);
  }
  puts("ready");
  fflush(stdout);
  static struct epoll_event events[EVENTS_MAX];
  for (;;) {
    int count = epoll_wait(poll, events, EVENTS_MAX, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (fd == listener) take_all(listener, poll);
      else if (fd == STDIN_FILENO) return 0;
      else heard(fd);
    }
  }
}
