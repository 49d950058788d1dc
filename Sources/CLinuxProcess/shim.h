// Linux's calls about processes that Swift cannot see, for module ProgramRunner only: variadic functions, and what needs
// _GNU_SOURCE.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include "uevent.h"

/// The kernel sends this process a signal once the thread that started it has ended; so long as the calling thread lives.
static inline int aikagi_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal); }

/// Descendants whose parent ends become this process's children, to be waited for here.
static inline int aikagi_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1); }

/// A file in memory, close-on-exec.
static inline int aikagi_memory_file(const char *name)
{
    return (int)memfd_create(name, 0x0001U /* MFD_CLOEXEC */);
}

/// Whether the kernel raised the signal by itself, as it does for the keys of a terminal; otherwise a process sent it.
static inline int aikagi_is_from_kernel(const siginfo_t *information) { return information->si_code == SI_KERNEL; }

/// The type and permissions of a file, a link's own, or 0. (Swift finds `struct stat` in several modules.)
static inline mode_t aikagi_mode(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 ? status.st_mode : 0;
}
