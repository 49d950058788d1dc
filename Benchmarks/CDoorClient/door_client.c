#define _GNU_SOURCE
#include "door_client.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { REPORT = 64, PREFIX = 2, LONGEST = 129 * (REPORT + PREFIX), KEEPALIVE = 0x80 | 0x3B };

union address {
    struct sockaddr any;
    struct sockaddr_in internet;
    struct sockaddr_un local;
};

int aikagi_door_pin(enum aikagi_door_cores cores) {
    static cpu_set_t all;
    if (CPU_COUNT(&all) == 0 && sched_getaffinity(0, sizeof all, &all) != 0) return -1;
    cpu_set_t wanted = all;
    int first = 0;
    while (!CPU_ISSET(first, &all)) first++;
    if (cores == AIKAGI_DOOR_OTHER_CORES && CPU_COUNT(&all) > 1) CPU_CLR(first, &wanted);
    if (cores == AIKAGI_DOOR_FIRST_CORE) {
        CPU_ZERO(&wanted);
        CPU_SET(first, &wanted);
    }
    DIR *threads = opendir("/proc/self/task");
    if (!threads) return -1;
    int status = 0;
    for (struct dirent *thread; (thread = readdir(threads));) {
        pid_t number = (pid_t)atol(thread->d_name);
        if (number > 0 && sched_setaffinity(number, sizeof wanted, &wanted) != 0) status = -1;
    }
    closedir(threads);
    return status;
}

static socklen_t make_address(enum aikagi_door_kind kind, uint16_t port, const char *path, union address *address) {
    memset(address, 0, sizeof *address);
    if (kind == AIKAGI_DOOR_UNIX) {
        address->local.sun_family = AF_UNIX;
        strncpy(address->local.sun_path, path, sizeof address->local.sun_path - 1);
        return sizeof address->local;
    }
    address->internet.sin_family = AF_INET;
    address->internet.sin_port = htons(port);
    address->internet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return sizeof address->internet;
}

static int make_socket(enum aikagi_door_kind kind) {
    int type = kind == AIKAGI_DOOR_UDP ? SOCK_DGRAM : SOCK_STREAM;
    return socket(kind == AIKAGI_DOOR_UNIX ? AF_UNIX : AF_INET, type | SOCK_CLOEXEC, 0);
}

static void send_at_once(int descriptor, enum aikagi_door_kind kind) {
    int yes = 1;
    if (kind == AIKAGI_DOOR_TCP) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

int aikagi_door_connect(enum aikagi_door_kind kind, uint16_t port, const char *path) {
    union address address;
    socklen_t size = make_address(kind, port, path, &address);
    int descriptor = make_socket(kind);
    if (descriptor < 0) return -1;
    // A datagram may be lost, and a door that hangs must not hang the benchmark.
    struct timeval limit = {.tv_sec = 10};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(descriptor, &address.any, size) != 0) {
        close(descriptor);
        return -1;
    }
    send_at_once(descriptor, kind);
    return descriptor;
}

// Sends everything; reports in datagrams, or as one piece of the stream.
static int send_reports(int descriptor, enum aikagi_door_kind kind, const uint8_t *reports, size_t size) {
    uint8_t stream[LONGEST];
    if (kind == AIKAGI_DOOR_UDP) {
        for (size_t at = 0; at + REPORT <= size; at += REPORT) {
            if (send(descriptor, reports + at, REPORT, MSG_NOSIGNAL) != REPORT) return -1;
        }
        return 0;
    }
    size_t length = 0;
    for (size_t at = 0; at + REPORT <= size && length + PREFIX + REPORT <= sizeof stream; at += REPORT) {
        if (kind == AIKAGI_DOOR_TCP) {
            stream[length++] = 0;
            stream[length++] = REPORT;
        }
        memcpy(stream + length, reports + at, REPORT);
        length += REPORT;
    }
    for (size_t sent = 0; sent < length;) {
        ssize_t count = send(descriptor, stream + sent, length - sent, MSG_NOSIGNAL);
        if (count < 0) return -1;
        sent += (size_t)count;
    }
    return 0;
}

// What a stream has brought and nobody has taken yet.
struct inbox {
    uint8_t bytes[LONGEST];
    size_t from, to;
};

// The next report, which stays valid until the next call; NULL at the end of a connection.
static const uint8_t *next_report(int descriptor, enum aikagi_door_kind kind, struct inbox *inbox) {
    size_t prefix = kind == AIKAGI_DOOR_TCP ? PREFIX : 0;
    if (kind == AIKAGI_DOOR_UDP) inbox->from = inbox->to = 0;
    while (inbox->to - inbox->from < prefix + REPORT) {
        memmove(inbox->bytes, inbox->bytes + inbox->from, inbox->to - inbox->from);
        inbox->to -= inbox->from;
        inbox->from = 0;
        ssize_t count = recv(descriptor, inbox->bytes + inbox->to, sizeof inbox->bytes - inbox->to, 0);
        if (count <= 0) return NULL;
        inbox->to += (size_t)count;
    }
    const uint8_t *report = inbox->bytes + inbox->from + prefix;
    inbox->from += prefix + REPORT;
    return report;
}

// The reports of the message that begins with this one.
static size_t report_count(const uint8_t *first) {
    size_t size = (size_t)first[5] << 8 | first[6];
    return size <= 57 ? 1 : 1 + (size - 57 + 58) / 59;
}

long aikagi_door_exchange(
    int descriptor, enum aikagi_door_kind kind, const uint8_t *request, size_t request_size, uint8_t *answer,
    size_t capacity) {
    struct inbox inbox;
    inbox.from = inbox.to = 0;
    if (send_reports(descriptor, kind, request, request_size) != 0) return -1;
    const uint8_t *report;
    do {
        report = next_report(descriptor, kind, &inbox);
        if (report == NULL) return -1;
    } while (report[4] == KEEPALIVE);
    size_t count = report_count(report);
    if (count * REPORT > capacity) return -1;
    memcpy(answer, report, REPORT);
    for (size_t index = 1; index < count; index++) {
        report = next_report(descriptor, kind, &inbox);
        if (report == NULL) return -1;
        memcpy(answer + index * REPORT, report, REPORT);
    }
    return (long)(count * REPORT);
}

// Answers datagrams until the process is ended.
static int echo_datagrams(int descriptor, const uint8_t *answer, size_t answer_size) {
    uint8_t report[REPORT];
    while (1) {
        union address sender;
        socklen_t size = sizeof sender;
        if (recvfrom(descriptor, report, sizeof report, 0, &sender.any, &size) != REPORT) return -1;
        if ((report[4] & 0x80) == 0) continue;
        for (size_t at = 0; at < answer_size; at += REPORT) {
            if (sendto(descriptor, answer + at, REPORT, 0, &sender.any, size) != REPORT) return -1;
        }
    }
}

// Answers one connection until it ends.
static int echo_stream(int listener, enum aikagi_door_kind kind, const uint8_t *answer, size_t answer_size) {
    int descriptor = accept(listener, NULL, NULL);
    if (descriptor < 0) return -1;
    send_at_once(descriptor, kind);
    struct inbox inbox;
    inbox.from = inbox.to = 0;
    const uint8_t *report;
    int status = 0;
    while (status == 0 && (report = next_report(descriptor, kind, &inbox)) != NULL) {
        if (report[4] & 0x80) status = send_reports(descriptor, kind, answer, answer_size);
    }
    close(descriptor);
    return status;
}

int aikagi_door_echo(
    enum aikagi_door_kind kind, const char *path, const uint8_t *answer, size_t answer_size,
    void (*ready)(uint16_t port)) {
    union address address;
    socklen_t size = make_address(kind, 0, path, &address);
    int descriptor = make_socket(kind);
    if (descriptor < 0) return -1;
    int status = -1;
    if (bind(descriptor, &address.any, size) == 0 && (kind == AIKAGI_DOOR_UDP || listen(descriptor, 1) == 0)) {
        socklen_t room = sizeof address;
        getsockname(descriptor, &address.any, &room);
        ready(kind == AIKAGI_DOOR_UNIX ? 0 : ntohs(address.internet.sin_port));
        status = kind == AIKAGI_DOOR_UDP ? echo_datagrams(descriptor, answer, answer_size)
                                         : echo_stream(descriptor, kind, answer, answer_size);
    }
    close(descriptor);
    return status;
}
