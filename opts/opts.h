/* SPDX-License-Identifier: MIT */
/*
 * QEMU's option strings: "driver,key=value,key=value". A comma in a value is
 * written twice. "key" alone means key=on, "nokey" is not special. The first
 * item may stand without its key when the option has an implied one ("driver"
 * for -device). Later values of a key replace earlier ones. A string that begins
 * with '{' is JSON instead: {"driver": "raw", "file": {"driver": "file"}} is
 * driver=raw,file.driver=file.
 */
#ifndef MPR_OPTS_OPTS_H
#define MPR_OPTS_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mpr_opts;

/*
 * Parses `text`. `option` ("-device") is used in messages, `implied` is the
 * implied first key or NULL. 0; -EINVAL or -ENOMEM with *error set to a
 * message that quotes the option as given (free() it).
 */
int mpr_opts_parse(const char *option, const char *text, const char *implied,
		   struct mpr_opts **opts, char **error);
void mpr_opts_free(struct mpr_opts *opts);

/* The option as the user wrote it, "-device lsi53c895a,id=lsi0", for messages. */
const char *mpr_opts_text(const struct mpr_opts *opts);

/* The value of a key, or NULL. Owned by opts. */
const char *mpr_opts_get(const struct mpr_opts *opts, const char *key);
/* The key and value number `i`, from 0; false when there are not so many. */
bool mpr_opts_item(const struct mpr_opts *opts, size_t i, const char **key, const char **value);
/* Removes a key and its value (the orchestrator takes `rid` out). */
void mpr_opts_remove(struct mpr_opts *opts, const char *key);
/* Gives a key a value, in the place of one that it has. 0 or -ENOMEM. */
int mpr_opts_set(struct mpr_opts *opts, const char *key, const char *value);
/* The option string again, commas doubled (free() it). `implied` as in parse. */
char *mpr_opts_format(const struct mpr_opts *opts, const char *implied);

/* Every key must be in `known` (ended by NULL): 0, or -EINVAL with a message
 * that names the nearest known key. */
int mpr_opts_check(const struct mpr_opts *opts, const char *const *known, char **error);

/* Typed values. An absent key leaves *value alone. 0, or -EINVAL with a
 * message that names option, key, value and what is allowed. Numbers are
 * decimal, or hexadecimal with 0x; bool is on/off, yes/no, true/false. */
int mpr_opts_get_uint(const struct mpr_opts *opts, const char *key, uint64_t min, uint64_t max,
		      uint64_t *value, char **error);
/* The same with K, M, G, T, P or E behind it, or B, for powers of 1024. */
int mpr_opts_get_size(const struct mpr_opts *opts, const char *key, uint64_t min, uint64_t max,
		      uint64_t *value, char **error);
int mpr_opts_get_bool(const struct mpr_opts *opts, const char *key, bool *value, char **error);
/* One of `names` (ended by NULL): its index. */
int mpr_opts_get_enum(const struct mpr_opts *opts, const char *key, const char *const *names,
		      unsigned *value, char **error);

/* QEMU has other names for some drivers: "lsi" is lsi53c895a. The other name of a driver,
 * or NULL. */
const char *mpr_driver_alias(const char *driver);
/* Puts the driver's own name in the place of the other one, in driver=. 0 or -ENOMEM. */
int mpr_opts_resolve_driver(struct mpr_opts *opts);

/* The value of such a text, if it is one. */
bool mpr_opts_parse_size(const char *text, uint64_t *value);
/* True for on, yes, true and y. */
bool mpr_opts_is_on(const char *text);

/* The name in `names` (ended by NULL) nearest to `name` by edit distance, or
 * NULL when none is near. For "did you mean". */
const char *mpr_nearest(const char *name, const char *const *names);

/* asprintf for error messages; never NULL unless out of memory. */
char *mpr_errorf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
