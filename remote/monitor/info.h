/* SPDX-License-Identifier: MIT */
/* What HMP's info commands print. */
#ifndef MPR_REMOTE_MONITOR_INFO_H
#define MPR_REMOTE_MONITOR_INFO_H

#include <stdio.h>

#include "remote/machine/machine.h"

/* Prints "info WHAT". False: there is no such thing. */
bool mpr_info(const struct mpr_machine *machine, const char *what, FILE *out);

/* Lists them, for help. */
void mpr_info_help(FILE *out);

#endif
