// libfuse's low-level interface, for module HIDTransport only.
//
// The inline functions are what Swift cannot say: a macro in newer versions of the library, an answer whose flags libfuse
// 3.14 does not know, a callback with a va_list.
#pragma once

#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>
#include <fuse_log.h>
#include <linux/fuse.h>
#include <sys/eventfd.h>

/// fuse_session_new is a function in libfuse 3.14 and a macro from 3.17 on.
static inline struct fuse_session *aikagi_fuse_session_new(
    struct fuse_args *arguments, const struct fuse_lowlevel_ops *operations, void *user_data)
{
    return fuse_session_new(arguments, operations, sizeof *operations, user_data);
}

/// Answers an open as a stream: no page cache, no file position, and reads and writes of one descriptor at the same time.
///
/// struct fuse_file_info of libfuse 3.14 has no bit for FOPEN_STREAM, without which the kernel locks the file position
/// while a read waits; so the kernel's own structure is sent.
static inline int aikagi_fuse_reply_open_stream(fuse_req_t request, uint64_t handle)
{
    struct fuse_open_out answer = {
        .fh = handle,
        .open_flags = FOPEN_DIRECT_IO | FOPEN_NONSEEKABLE | FOPEN_STREAM,
    };
    return fuse_reply_buf(request, (const char *)&answer, sizeof answer);
}

static inline void aikagi_fuse_no_log(enum fuse_log_level level, const char *format, va_list arguments)
{
    (void)level;
    (void)format;
    (void)arguments;
}

/// Keeps libfuse from writing to standard error, which belongs to the program that is run.
static inline void aikagi_fuse_silence(void) { fuse_set_log_func(aikagi_fuse_no_log); }

/// An event counter that wakes poll().
static inline int aikagi_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
