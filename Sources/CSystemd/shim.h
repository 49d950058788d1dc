// libsystemd's sd-bus, for module VirtualBlueZ only, and what starting a child process needs beyond posix_spawn.
//
// sd-bus's vtable macros and its variadic functions are unusable from Swift; the rest of it is not, so nothing of it is
// wrapped here.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

// Starts a program that is sent SIGKILL when the calling thread ends, so that nothing is left of it even when this process is
// killed. posix_spawn cannot ask for that (PR_SET_PDEATHSIG has to be set by the child itself).
//
// Everything in the child is async-signal-safe. All file descriptors but standard input (/dev/null if it is negative), and
// output and error, which are the same, are closed there. Returns the child's process identifier, or -1 with errno set when it cannot fork; a child that cannot
// execute the program exits with status 127.
static inline pid_t CSystemd_spawn(const char *path, char *const argv[], char *const envp[], int input, int output) {
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child != 0) return child;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
    // What is sent to our process group, as a terminal's keys are, is not for it: its end is our affair.
    setsid();
    // The parent may have ended before this took effect.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) _exit(127);
    if (input < 0) input = open("/dev/null", O_RDONLY);
    // Moved out of the way first: either may be a number that is about to be overwritten.
    const int in = fcntl(input, F_DUPFD, 10), out = fcntl(output, F_DUPFD, 10);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(127);
    if (syscall(SYS_close_range, 3u, ~0u, 0u) != 0) {
        // Kernels before 5.9 have no close_range.
        for (int number = 3; number < 4096; number++) close(number);
    }
    execve(path, argv, envp);
    _exit(127);
}

// pipe2(ends, O_CLOEXEC), which the headers hide without _GNU_SOURCE: a program that another thread starts meanwhile must not
// inherit the ends.
static inline int CSystemd_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC); }
