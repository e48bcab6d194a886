/* SPDX-License-Identifier: MIT */
/* GLib's main loop, for streams. */
#ifndef MPR_ORCHESTRATOR_BASE_MAIN_LOOP_H
#define MPR_ORCHESTRATOR_BASE_MAIN_LOOP_H

#include "monitor/loop.h"

extern const struct mpr_loop mpr_main_loop;

#endif
