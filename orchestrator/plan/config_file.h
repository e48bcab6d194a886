/* SPDX-License-Identifier: MIT */
/* QEMU's configuration files (-readconfig), which say what options say:
 *
 *   [device "lsi0"]
 *     driver = "lsi53c895a"
 */
#ifndef MPR_ORCHESTRATOR_PLAN_CONFIG_FILE_H
#define MPR_ORCHESTRATOR_PLAN_CONFIG_FILE_H

/*
 * A command line (ended by NULL) with the options of its configuration files in their
 * place, for those who want to know all that is said; QEMU reads the files itself
 * (g_strfreev() it). NULL with *error set to a message: a file cannot be read, or not twice
 * (free() it). What is no configuration is QEMU's to refuse.
 */
char **mpr_config_expand(char *const *argv, char **error);

#endif
