/* SPDX-License-Identifier: MIT */
#include "blk/retry.h"

#include <errno.h>

#define MS(n)                           \
	{                               \
		.tv_nsec = (n)*1000000L \
	}

static const struct __kernel_timespec pauses[] = {
	MS(1),	 MS(2),	  MS(4),   MS(8),	  MS(16),	 MS(32),	MS(64),
	MS(128), MS(256), MS(512), {.tv_sec = 1}, {.tv_sec = 1}, {.tv_sec = 1}, {.tv_sec = 1},
};
#define PAUSES (sizeof(pauses) / sizeof(pauses[0]))

static void set_paused(struct mpr_retry *retry, bool paused)
{
	retry->paused = paused;
	if (retry->req)
		retry->req->retry = paused ? retry : NULL;
}

/* The kernel reads the time when it takes the entry. */
static void start_pause(struct mpr_retry *retry, unsigned index)
{
	struct __kernel_timespec *time = (struct __kernel_timespec *)&pauses[index];

	set_paused(retry, true);
	io_uring_prep_timeout(mpr_uring_sqe(retry->ring, &retry->op), time, 0, 0);
}

/* Without a pause: EAGAIN was the operation's own. */
static bool end_pause(struct mpr_retry *retry, int32_t *res)
{
	set_paused(retry, false);
	if (*res != -ETIME) {
		*res = -EAGAIN;
		return false;
	}
	retry->issue(retry);
	return true;
}

bool mpr_retry_after(struct mpr_retry *retry, int32_t *res)
{
	if (retry->paused)
		return end_pause(retry, res);
	if (*res != -EINTR && *res != -EAGAIN)
		return false;
	if (retry->tries > PAUSES || (retry->req && retry->req->given_up))
		return false;
	if (retry->tries++)
		start_pause(retry, retry->tries - 2);
	else
		retry->issue(retry);
	return true;
}

static void ignore(struct mpr_uring_op *op, int32_t res, uint32_t flags)
{
	(void)op;
	(void)res;
	(void)flags;
}

void mpr_retry_stop(struct mpr_retry *retry)
{
	static struct mpr_uring_op removal = {.fn = ignore};

	io_uring_prep_timeout_remove(mpr_uring_sqe(retry->ring, &removal), (uintptr_t)&retry->op,
				     0);
}
