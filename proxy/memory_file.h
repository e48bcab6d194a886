/* SPDX-License-Identifier: MIT */
/*
 * Files of guest memory as a remote gets them. A file that gets shorter ends whoever
 * uses what has gone, by SIGBUS, and whoever may write to a file may truncate it. Not
 * if it is a memfd that is sealed against shrinking; of another file the remote gets an
 * opening of its own, to which the kernel refuses that (Landlock, Linux 6.2 and newer).
 */
#ifndef MPR_PROXY_MEMORY_FILE_H
#define MPR_PROXY_MEMORY_FILE_H

#include <stdbool.h>

/* A descriptor for the remote, which the caller closes. *shrinks: whoever has it can
 * truncate the file all the same: a memfd without the seal, or the kernel is too old.
 * Or negative errno. */
int mpr_memory_file_open(int fd, bool *shrinks);

#endif
