/* SPDX-License-Identifier: MIT */
/*
 * What executes chip->insn, for scripts.c: one function a kind. One that is not
 * LSI_FINISHED is called again, at once or when something has happened.
 */
#ifndef MPR_DEV_LSI53C895A_INSTRUCTIONS_H
#define MPR_DEV_LSI53C895A_INSTRUCTIONS_H

#include "dev/lsi53c895a/chip/state.h"

/* move.c */
enum lsi_result lsi_block_move(struct lsi_chip *chip);
/* io.c */
enum lsi_result lsi_io(struct lsi_chip *chip);
enum lsi_result lsi_read_write(struct lsi_chip *chip);
/* transfer.c */
enum lsi_result lsi_transfer_control(struct lsi_chip *chip);
/* memory_move.c */
enum lsi_result lsi_memory_move(struct lsi_chip *chip);
enum lsi_result lsi_load_store(struct lsi_chip *chip);

#endif
