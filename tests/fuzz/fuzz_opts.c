/* SPDX-License-Identifier: MIT */
/* Any option string is parsed or refused; what was parsed survives being
 * written out and parsed again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opts/opts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void read_typed(const struct mpr_opts *opts)
{
	static const char *const names[] = {"none", "writeback", NULL};
	static const char *const known[] = {"driver", "id", "scsi-id", NULL};
	char *error = NULL;
	uint64_t number = 0;
	unsigned index = 0;
	bool flag = false;

	require(mpr_opts_get_uint(opts, "scsi-id", 0, 15, &number, &error) == 0 || error);
	require(number <= 15);
	free(error);
	error = NULL;
	require(mpr_opts_get_bool(opts, "readonly", &flag, &error) == 0 || error);
	free(error);
	error = NULL;
	require(mpr_opts_get_enum(opts, "cache", names, &index, &error) == 0 || error);
	free(error);
	error = NULL;
	require(mpr_opts_check(opts, known, &error) == 0 || error);
	free(error);
}

static void round_trip(const char *text, const char *implied)
{
	struct mpr_opts *first, *second = NULL;
	char *error, *once, *twice;

	if (mpr_opts_parse("-device", text, implied, &first, &error) < 0) {
		require(error);
		free(error);
		return;
	}
	read_typed(first);
	once = mpr_opts_format(first, implied);
	require(once && mpr_opts_parse("-device", once, implied, &second, &error) == 0);
	twice = mpr_opts_format(second, implied);
	require(twice && !strcmp(once, twice));
	mpr_opts_remove(first, "id");
	require(!mpr_opts_get(first, "id"));
	free(once);
	free(twice);
	mpr_opts_free(first);
	mpr_opts_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	round_trip(text, "driver");
	round_trip(text, NULL);
	free(text);
	return 0;
}
