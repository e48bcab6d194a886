/* SPDX-License-Identifier: MIT */
/* QEMU's configuration files (-readconfig), which are options in another form:
 *
 *   [device "lsi0"]
 *     driver = "lsi53c895a"
 */
#ifndef MPR_ORCHESTRATOR_OPTIONS_CONFIG_FILE_H
#define MPR_ORCHESTRATOR_OPTIONS_CONFIG_FILE_H

/*
 * A copy of a command line (ended by NULL) that has before each -readconfig the options in the
 * file, so that they can be checked (g_strfreev() it). QEMU reads the files itself, and reports
 * what is no configuration. NULL with *error set to a message (free() it) if a file cannot be read,
 * or, like a pipe, not twice.
 */
char **mpr_config_expand(char *const *argv, char **error);

#endif
