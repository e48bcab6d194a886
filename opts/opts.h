/* SPDX-License-Identifier: MIT */
/*
 * An option as both programs keep it, from where it comes in (a command line, a monitor)
 * to where it is used: a list of properties, each a key and a value, both text. Keys are
 * there once; the order is that in which they came.
 *
 * As a string it is QEMU's: "driver,key=value,key=value". A comma in a value is written
 * twice. "key" alone means key=on, "nokey" is not special. The first item may stand
 * without its key when the option has an implied one ("driver" for -device). Of several
 * values of a key the last holds. A string that begins with '{' is JSON (json_opts.h).
 *
 * With each list goes the text that messages about it begin with: what the user typed,
 * whatever is changed later. A key is not empty, does not begin with '{', and has no '='
 * and no ','. The parsers see to it; who sets one must.
 *
 * A list is not locked: it is one thread's at a time. *error, where a function has it, is
 * set only if it fails (mpr_opts_parse() clears it else), and is the caller's to free().
 */
#ifndef MPR_OPTS_OPTS_H
#define MPR_OPTS_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opts/error.h"

struct mpr_opts;

/* ---- Life: each list is the caller's, to mpr_opts_free() ----------------- */

/*
 * Parses `text`. `option` ("-device") is used in messages, `implied` is the
 * implied first key or NULL. 0; -EINVAL or -ENOMEM with *error set to a
 * message that quotes the option as given.
 */
int mpr_opts_parse(const char *option, const char *text, const char *implied,
		   struct mpr_opts **opts, char **error);

/* An empty list, which messages quote as `text`. NULL: out of memory. */
struct mpr_opts *mpr_opts_new(const char *text);

/* A list of the pairs of key and value that follow, strings, ended by a key that is NULL;
 * a pair whose value is NULL is left out. Quoted by mpr_opts_quote(). NULL: out of memory. */
struct mpr_opts *mpr_opts_build(const char *option, const char *implied, ...)
	__attribute__((sentinel));

/* The same properties, quoted alike. NULL: out of memory. */
struct mpr_opts *mpr_opts_copy(const struct mpr_opts *opts);

/* NULL is allowed. */
void mpr_opts_free(struct mpr_opts *opts);

/* ---- Looking up: strings are the list's, until that property changes ----- */

/* The option as the user wrote it, "-device lsi53c895a,id=lsi0", for messages. */
const char *mpr_opts_text(const struct mpr_opts *opts);

/* The value of a key, or NULL. */
const char *mpr_opts_get(const struct mpr_opts *opts, const char *key);

/* The key and value number `i`, from 0; false when there are not so many. */
bool mpr_opts_item(const struct mpr_opts *opts, size_t i, const char **key, const char **value);

/* ---- Changing ----------------------------------------------------------- */

/* Gives a key a value, in the place of one that it has. 0 or -ENOMEM. */
int mpr_opts_set(struct mpr_opts *opts, const char *key, const char *value);

/* The same with all that `from` has. After -ENOMEM it may be done in part. */
int mpr_opts_set_all(struct mpr_opts *opts, const struct mpr_opts *from);

/* Removes a key and its value, if it is there. */
void mpr_opts_remove(struct mpr_opts *opts, const char *key);

/* From now on messages quote, behind the text of now, the properties of now as they would
 * be typed: for an option that nobody typed. 0 or -ENOMEM. */
int mpr_opts_quote(struct mpr_opts *opts, const char *implied);

/* ---- Writing out -------------------------------------------------------- */

/* The properties as a string, commas doubled, of which mpr_opts_parse() makes the same
 * list (free() it). `implied` as there: its value comes first. NULL: out of memory. */
char *mpr_opts_format(const struct mpr_opts *opts, const char *implied);

/* ---- Values: 0, or -EINVAL with *error ----------------------------------- */

/* Every key must be in `known` (ended by NULL); the message names the nearest. */
int mpr_opts_check(const struct mpr_opts *opts, const char *const *known, char **error);

/* Typed values. An absent key, and an error, leave *value alone. The message names
 * option, key, value and what is allowed. Numbers are decimal, or hexadecimal with 0x;
 * bool is on/off, yes/no, true/false, y/n. */
int mpr_opts_get_uint(const struct mpr_opts *opts, const char *key, uint64_t min, uint64_t max,
		      uint64_t *value, char **error);
/* The same with K, M, G, T, P or E behind it, or B, for powers of 1024. */
int mpr_opts_get_size(const struct mpr_opts *opts, const char *key, uint64_t min, uint64_t max,
		      uint64_t *value, char **error);
int mpr_opts_get_bool(const struct mpr_opts *opts, const char *key, bool *value, char **error);
/* One of `names` (ended by NULL): its index. */
int mpr_opts_get_enum(const struct mpr_opts *opts, const char *key, const char *const *names,
		      unsigned *value, char **error);

/* The value of such a text, if it is one. */
bool mpr_opts_parse_size(const char *text, uint64_t *value);
/* True for on, yes, true and y. */
bool mpr_opts_is_on(const char *text);

/* ---- Names -------------------------------------------------------------- */

/* Whether an option string can have a key, at its beginning as well. */
bool mpr_opts_is_key(const char *key);

/* Whether a key can be in an option string, wherever it stands there. */
bool mpr_opts_is_key(const char *key);

/* QEMU has other names for some drivers: "lsi" is lsi53c895a. The other name of a driver,
 * or NULL. */
const char *mpr_driver_alias(const char *driver);
/* Puts the driver's own name in the place of the other one, in driver=. 0 or -ENOMEM. */
int mpr_opts_resolve_driver(struct mpr_opts *opts);

/* The name in `names` (ended by NULL) nearest to `name` by edit distance, or
 * NULL when none is near. For "did you mean". */
const char *mpr_nearest(const char *name, const char *const *names);

#endif
