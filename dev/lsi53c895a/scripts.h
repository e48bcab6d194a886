/* SPDX-License-Identifier: MIT */
/* The SCRIPTS engine, for ops->run() alone. */
#ifndef MPR_DEV_LSI53C895A_SCRIPTS_H
#define MPR_DEV_LSI53C895A_SCRIPTS_H

#include "dev/lsi53c895a/chip/state.h"

/* A slice. True: there is more to do at once. */
bool lsi_scripts_run(struct lsi_chip *chip);

#endif
