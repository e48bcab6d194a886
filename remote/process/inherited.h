/* SPDX-License-Identifier: MIT */
/* Connected sockets that the process inherited, or was sent. */
#ifndef MPR_REMOTE_PROCESS_INHERITED_H
#define MPR_REMOTE_PROCESS_INHERITED_H

/* Parses the number of a connected Unix stream socket. 0, or negative errno with
 * *error set to a message (free() it). */
int mpr_inherited_socket(const char *text, int *fd, char **error);

/* Checks that a descriptor is one. Results as above. */
int mpr_inherited_check(int fd, char **error);

#endif
