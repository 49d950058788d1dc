// Sockets for udev's messages that come from a network namespace of our own, for module ProgramRunner only: ioctls, macros
// and addresses that Swift cannot import.
//
// A program that watches for devices opens socket(AF_NETLINK, …, NETLINK_KOBJECT_UEVENT). A seccomp filter hands that one
// call to a listener, which makes the socket in the other namespace and gives it to the program (seccomp_unotify(2)).
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif
#if defined(__aarch64__)
#define AIKAGI_NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define AIKAGI_NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#endif

/// Moves the calling thread, and no other, to a network namespace of its own; needs CAP_SYS_ADMIN in the user namespace.
static inline int aikagi_enter_network_namespace(void) { return (int)syscall(SYS_unshare, 0x40000000 /* CLONE_NEWNET */); }

/// A socket for udev's messages, of the calling thread's network namespace.
static inline int aikagi_uevent_socket(int type)
{
    return socket(AF_NETLINK, type, NETLINK_KOBJECT_UEVENT);
}

/// Sends a message to udev's listeners (multicast group 2). Returns 0 or an error number; that nobody listens is none.
static inline int aikagi_uevent_send(int socket, const void *bytes, size_t count)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 2};
    const ssize_t sent = sendto(socket, bytes, count, MSG_DONTWAIT, (struct sockaddr *)&address, sizeof address);
    return sent >= 0 || errno == ECONNREFUSED ? 0 : errno;
}

/// From now on, for the calling thread and what it starts, such sockets are made by whoever answers at the listener.
///
/// Returns the listener, which is close-on-exec, or -1 with errno: EBUSY where another listener exists already.
static inline int aikagi_uevent_filter(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 7),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AIKAGI_NATIVE_ARCHITECTURE, 0, 5),
        // The lower halves of the arguments: both architectures are little endian.
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NETLINK_KOBJECT_UEVENT, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    const unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    long listener = syscall(
        SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
    // Linux before 5.19 does not know the last flag.
    if (listener < 0 && errno == EINVAL) listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    return (int)listener;
}

/// Waits for one such call and answers it; on the thread that has entered the other namespace.
///
/// Returns 0, or -1 when the listener is of no more use.
static inline int aikagi_uevent_answer(int listener)
{
    // When nobody is under the filter any more the listener hangs up.
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    if (poll(&ready, 1, -1) > 0 && (ready.revents & POLLIN) == 0) return -1;
    struct seccomp_notif request;
    memset(&request, 0, sizeof request);  // the kernel insists
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) return errno == EINTR || errno == ENOENT ? 0 : -1;
    struct seccomp_notif_resp response = {.id = request.id};
    const int type = (int)request.data.args[1];
    const int made = socket(AF_NETLINK, type | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    if (made < 0) {
        response.error = -errno;
    } else {
        struct seccomp_notif_addfd hand = {
            .id = request.id,
            .srcfd = (unsigned)made,
            .flags = SECCOMP_ADDFD_FLAG_SEND,
            .newfd_flags = type & SOCK_CLOEXEC ? O_CLOEXEC : 0,
        };
        int number = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &hand);
        int failure = number < 0 ? errno : 0;
        int isAnswered = failure == 0 || failure == ENOENT;  // ENOENT: the caller is gone
        if (failure == EINVAL) {  // Linux before 5.14: in two steps
            hand.flags = 0;
            number = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &hand);
            failure = number < 0 ? errno : 0;
        }
        close(made);
        if (isAnswered) return 0;
        if (failure == 0) response.val = number;
        response.error = -failure;
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
    return 0;
}
