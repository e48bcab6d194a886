/* SPDX-License-Identifier: MIT */
/* What a model calls (dev/device.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "remote/device/hosted_internal.h"
#include "remote/process/log.h"

static int dma_read(void *host, uint64_t addr, void *buf, size_t len)
{
	const struct mpr_hosted *hosted = host;

	if (mpr_hosted_given_up(hosted))
		return -EFAULT;
	return mpr_ram_read(hosted->ram, addr, buf, len);
}

static int dma_write(void *host, uint64_t addr, const void *buf, size_t len)
{
	struct mpr_hosted *hosted = host;

	if (mpr_hosted_given_up(hosted))
		return -EFAULT;
	/* Before, because a write that fails may have written a part. */
	mpr_written_note(&hosted->written, addr, len);
	return mpr_ram_write(hosted->ram, addr, buf, len);
}

static int dma_map(void *host, uint64_t addr, size_t len, enum mpr_dma_dir dir,
		   struct mpr_dma_map *map)
{
	struct mpr_hosted *hosted = host;
	bool write = dir == MPR_DMA_FROM_DEVICE;
	void *ptr;

	if (mpr_hosted_given_up(hosted))
		return -EFAULT;
	ptr = len ? mpr_ram_at(hosted->ram, addr, &len, write) : NULL;
	if (!ptr)
		return -EFAULT;
	mpr_ram_ref(hosted->ram);
	hosted->mappings++;
	*map = (struct mpr_dma_map){
		.ptr = ptr, .len = len, .ref = hosted->ram, .addr = addr, .dir = dir};
	return 0;
}

static void dma_unmap(void *host, struct mpr_dma_map *map)
{
	struct mpr_hosted *hosted = host;

	if (map->dir == MPR_DMA_FROM_DEVICE)
		mpr_written_note(&hosted->written, map->addr, map->len);
	hosted->mappings--;
	mpr_ram_unref(map->ref);
}

static void irq_set(void *host, bool level)
{
	struct mpr_hosted *hosted = host;

	hosted->intx.level = level;
	mpr_hosted_update_intx(hosted);
}

static bool irq_acknowledged(void *host)
{
	return mpr_hosted_irq_acknowledged(host);
}

static void schedule(void *host)
{
	struct mpr_hosted *hosted = host;

	hosted->scheduled = true;
}

static uint64_t now(void *host)
{
	(void)host;
	return mpr_clock_now();
}

static void timer_set(void *host, struct mpr_timer *timer, uint64_t deadline)
{
	struct mpr_hosted *hosted = host;

	mpr_timers_set(hosted->timers, timer, deadline);
}

static void timer_cancel(void *host, struct mpr_timer *timer)
{
	struct mpr_hosted *hosted = host;

	mpr_timers_cancel(hosted->timers, timer);
}

static void log_line(void *host, const char *fmt, ...)
{
	const struct mpr_hosted *hosted = host;
	va_list ap;

	va_start(ap, fmt);
	mpr_vlog(hosted->dev ? hosted->dev->id : NULL, fmt, ap);
	va_end(ap);
}

static void refuse(void *host, const char *fmt, ...)
{
	struct mpr_hosted *hosted = host;
	va_list ap;

	free(hosted->why);
	va_start(ap, fmt);
	if (vasprintf(&hosted->why, fmt, ap) < 0)
		hosted->why = NULL;
	va_end(ap);
}

const struct mpr_host_ops mpr_host_services = {
	.dma_read = dma_read,
	.dma_write = dma_write,
	.dma_map = dma_map,
	.dma_unmap = dma_unmap,
	.irq_set = irq_set,
	.irq_acknowledged = irq_acknowledged,
	.schedule = schedule,
	.now = now,
	.timer_set = timer_set,
	.timer_cancel = timer_cancel,
	.log = log_line,
	.refuse = refuse,
};
