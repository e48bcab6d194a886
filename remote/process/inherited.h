/* SPDX-License-Identifier: MIT */
/* Sockets that whoever started the process, or sent it one, has connected. */
#ifndef MPR_REMOTE_PROCESS_INHERITED_H
#define MPR_REMOTE_PROCESS_INHERITED_H

/* Reads the number of a connected Unix stream socket. 0, or negative errno with
 * *error set to a message (free() it). */
int mpr_inherited_socket(const char *text, int *fd, char **error);

/* The same for a descriptor that is there. */
int mpr_inherited_check(int fd, char **error);

#endif
