/* SPDX-License-Identifier: MIT */
/*
 * Files of guest memory as a remote gets them. A remote that truncates such a file kills
 * the VMM by SIGBUS at its next access to the missing pages. A memfd that is sealed
 * against shrinking cannot be truncated. Any other file is opened anew for the remote,
 * by a thread to which Landlock denies truncation (Linux 6.2 and newer): the descriptor
 * keeps that restriction.
 */
#ifndef MPR_PROXY_MEMORY_FILE_H
#define MPR_PROXY_MEMORY_FILE_H

#include <stdbool.h>

/* A descriptor for the remote, which the caller closes, or negative errno. *shrinks: it
 * can truncate the file all the same: a memfd without the seal, or the kernel is too
 * old. */
int mpr_memory_file_open(int fd, bool *shrinks);

#endif
