// A client of the doors of `aikagi key`, as small as one can be, and an echo to compare them with.
#ifndef AIKAGI_DOOR_CLIENT_H
#define AIKAGI_DOOR_CLIENT_H

#include <stddef.h>
#include <stdint.h>

/// How reports travel.
enum aikagi_door_kind {
    /// A datagram each, on the loopback address.
    AIKAGI_DOOR_UDP,
    /// Behind their length, 16 bits, big-endian, on the loopback address.
    AIKAGI_DOOR_TCP,
    /// One after the other, on a socket in the file system.
    AIKAGI_DOOR_UNIX,
};

/// Where threads may run.
enum aikagi_door_cores {
    /// Where they could when aikagi_door_pin was first called.
    AIKAGI_DOOR_ALL_CORES,
    /// On the first of these cores.
    AIKAGI_DOOR_FIRST_CORE,
    /// On the others; on the first, too, if it is the only one.
    AIKAGI_DOOR_OTHER_CORES,
};

/// Keeps all threads of this process, and what they start from now on, on some cores. Returns 0, or -1 when that is not
/// allowed.
int aikagi_door_pin(enum aikagi_door_cores cores);

/// Connects to a door; the descriptor, or -1. `path` is for AIKAGI_DOOR_UNIX only, `port` for the others.
int aikagi_door_connect(enum aikagi_door_kind kind, uint16_t port, const char *path);

/// Sends a message and receives the answer, without the KEEPALIVE messages before it.
///
/// `request` and `answer` are whole reports of 64 bytes, one after the other. Returns the bytes of the answer, or -1 when the
/// connection fails, the answer does not fit, or nothing comes for ten seconds.
long aikagi_door_exchange(
    int descriptor, enum aikagi_door_kind kind, const uint8_t *request, size_t request_size, uint8_t *answer,
    size_t capacity);

/// Listens like a door and answers the first report of each message with the given reports, for one client, until it leaves.
///
/// Calls `ready` with the port (0 for AIKAGI_DOOR_UNIX) once it listens. Returns 0, or -1 when a call fails.
int aikagi_door_echo(
    enum aikagi_door_kind kind, const char *path, const uint8_t *answer, size_t answer_size, void (*ready)(uint16_t port));

#endif
