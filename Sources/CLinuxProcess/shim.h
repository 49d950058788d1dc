// Linux's calls that Swift cannot see, for module ProgramRunner, and the last one for Portal: variadic functions, and what the C
// library declares with _GNU_SOURCE only. That is not defined here: with it, structures of common headers would differ from
// those of Swift's own module for the C library. The system calls are made by number instead.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "uevent.h"

/// The kernel sends this process a signal once the thread that started it has ended; so long as the calling thread lives.
static inline int aikagi_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal); }

/// Descendants whose parent ends become this process's children, to be waited for here.
static inline int aikagi_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1); }

/// A file in memory, close-on-exec.
static inline int aikagi_memory_file(const char *name)
{
    return (int)syscall(SYS_memfd_create, name, 0x0001U /* MFD_CLOEXEC */);
}

/// A pipe whose ends are close-on-exec; 0, or -1 with errno.
static inline int aikagi_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC); }

/// Whether the kernel raised the signal by itself, as it does for the keys of a terminal; otherwise a process sent it.
static inline int aikagi_is_from_kernel(const siginfo_t *information) { return information->si_code == SI_KERNEL; }

/// The type and permissions of a file, a link's own, or 0. (Swift finds `struct stat` in several modules.)
static inline mode_t aikagi_mode(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 ? status.st_mode : 0;
}

/// The type and permissions of an open file, or 0.
static inline mode_t aikagi_descriptor_mode(int descriptor)
{
    struct stat status;
    return fstat(descriptor, &status) == 0 ? status.st_mode : 0;
}
