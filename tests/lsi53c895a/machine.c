/* SPDX-License-Identifier: MIT */
#include "tests/lsi53c895a/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *reach(struct machine *m, uint64_t addr, size_t len)
{
	if (addr < MEMORY_SIZE && len <= MEMORY_SIZE - addr)
		return m->memory + addr;
	if (addr >= HIGH_BASE && addr - HIGH_BASE < HIGH_SIZE &&
	    len <= HIGH_SIZE - (addr - HIGH_BASE))
		return m->high + (addr - HIGH_BASE);
	return NULL;
}

static int dma_read(void *host, uint64_t addr, void *buf, size_t len)
{
	uint8_t *p = reach(host, addr, len);

	if (!p)
		return -EFAULT;
	memcpy(buf, p, len);
	return 0;
}

static int dma_write(void *host, uint64_t addr, const void *buf, size_t len)
{
	uint8_t *p = reach(host, addr, len);

	if (!p)
		return -EFAULT;
	memcpy(p, buf, len);
	return 0;
}

static int dma_map(void *host, uint64_t addr, size_t len, enum mpr_dma_dir dir,
		   struct mpr_dma_map *map)
{
	struct machine *m = host;
	uint8_t *p = reach(m, addr, 1);

	(void)dir;
	if (!p)
		return -EFAULT;
	if (m->map_limit && len > m->map_limit)
		len = m->map_limit;
	while (!reach(m, addr, len))
		len = len / 2;
	*map = (struct mpr_dma_map){.ptr = p, .len = len, .ref = m};
	m->mapped++;
	return 0;
}

static void dma_unmap(void *host, struct mpr_dma_map *map)
{
	struct machine *m = host;

	(void)map;
	m->mapped--;
}

static void irq_set(void *host, bool level)
{
	struct machine *m = host;

	m->irq_edges += level && !m->irq;
	if (level && !m->irq)
		m->dev->ops->peek(m->dev, m->risen);
	m->irq = level;
}

static bool irq_acknowledged(void *host)
{
	return ((struct machine *)host)->irq_acknowledged;
}

static void schedule(void *host)
{
	((struct machine *)host)->scheduled = true;
}

static uint64_t now(void *host)
{
	return ((struct machine *)host)->clock;
}

static void timer_cancel(void *host, struct mpr_timer *timer)
{
	struct machine *m = host;
	struct mpr_timer **p;

	for (p = &m->timers; *p; p = &(*p)->next) {
		if (*p == timer) {
			*p = timer->next;
			break;
		}
	}
	timer->deadline = 0;
}

static void timer_set(void *host, struct mpr_timer *timer, uint64_t deadline)
{
	struct machine *m = host;

	timer_cancel(m, timer);
	timer->deadline = deadline;
	timer->next = m->timers;
	m->timers = timer;
}

__attribute__((format(printf, 2, 3))) static void log_line(void *host, const char *fmt, ...)
{
	(void)host;
	(void)fmt;
}

static const struct mpr_host_ops host_ops = {
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
};

static void set_bar(struct machine *m, unsigned bar, uint32_t value)
{
	mpr_pci_config_write(&m->dev->pci, MPR_PCI_BAR0 + 4 * bar, 4, value);
}

void set_command(struct machine *m, uint16_t command)
{
	mpr_pci_config_write(&m->dev->pci, MPR_PCI_COMMAND, 2, command);
	m->dev->ops->config_changed(m->dev);
}

struct machine *machine_new(void)
{
	struct machine *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	m->host.ops = &host_ops;
	m->memory = calloc(1, MEMORY_SIZE);
	m->high = calloc(1, HIGH_SIZE);
	m->clock = 1;
	m->pc = PROGRAM;
	if (!m->memory || !m->high ||
	    mpr_device_create(&mpr_lsi53c895a_ops, &m->host, "lsi0", NULL, &m->dev))
		abort();
	m->chip = (struct lsi_chip *)m->dev;
	set_bar(m, 0, IO_BASE);
	set_bar(m, 1, REGS_BASE);
	set_bar(m, 2, RAM_BASE);
	set_command(m, MPR_PCI_COMMAND_IO | MPR_PCI_COMMAND_MEMORY | MPR_PCI_COMMAND_MASTER);
	return m;
}

/* The order that device.h promises: reset, mappings given back, destroy. */
void machine_free(struct machine *m)
{
	m->dev->ops->reset(m->dev);
	targets_drain(m->dev->bus);
	go(m);
	if (m->mapped || m->timers)
		abort();
	mpr_device_destroy(m->dev);
	free(m->memory);
	free(m->high);
	free(m);
}

int machine_setup(void **state)
{
	*state = machine_new();
	return 0;
}

int machine_teardown(void **state)
{
	machine_free(*state);
	return 0;
}

void go_slices(struct machine *m, unsigned slices)
{
	m->slices = 0;
	while (m->scheduled && m->slices < slices) {
		m->scheduled = false;
		m->slices++;
		if (m->dev->ops->run(m->dev))
			m->scheduled = true;
	}
}

void go(struct machine *m)
{
	go_slices(m, 100000);
	if (m->scheduled)
		abort();
}

void pass(struct machine *m, uint64_t ns)
{
	struct mpr_timer *t;

	m->clock += ns;
	for (t = m->timers; t;) {
		if (t->deadline <= m->clock) {
			timer_cancel(m, t);
			t->fn(t->opaque);
			t = m->timers;
		} else {
			t = t->next;
		}
	}
	go(m);
}

static uint32_t bar_read(struct machine *m, unsigned reg, unsigned size)
{
	return m->dev->ops->read(m->dev, 1, reg, size);
}

static void bar_write(struct machine *m, unsigned reg, unsigned size, uint32_t value)
{
	m->dev->ops->write(m->dev, 1, reg, size, value);
}

uint32_t rd8(struct machine *m, unsigned reg)
{
	return bar_read(m, reg, 1);
}

uint32_t rd16(struct machine *m, unsigned reg)
{
	return bar_read(m, reg, 2);
}

uint32_t rd32(struct machine *m, unsigned reg)
{
	return bar_read(m, reg, 4);
}

void wr8(struct machine *m, unsigned reg, uint32_t value)
{
	bar_write(m, reg, 1, value);
}

void wr16(struct machine *m, unsigned reg, uint32_t value)
{
	bar_write(m, reg, 2, value);
}

void wr32(struct machine *m, unsigned reg, uint32_t value)
{
	bar_write(m, reg, 4, value);
}

uint8_t *at(struct machine *m, uint64_t addr)
{
	uint8_t *p = reach(m, addr, 1);

	if (addr >= RAM_BASE && addr - RAM_BASE < LSI_RAM_SIZE)
		return m->dev->bar_ram[LSI_BAR_RAM] + (addr - RAM_BASE);
	if (!p)
		abort();
	return p;
}

void put32(struct machine *m, uint64_t addr, uint32_t value)
{
	memcpy(at(m, addr), &value, sizeof(value));
}

uint32_t get32(struct machine *m, uint64_t addr)
{
	uint32_t value;

	memcpy(&value, at(m, addr), sizeof(value));
	return value;
}

void start(struct machine *m, uint32_t addr)
{
	wr32(m, LSI_DSP, addr);
	go(m);
}

void emit(struct machine *m, uint32_t word0, uint32_t word1)
{
	put32(m, m->pc, word0);
	put32(m, m->pc + 4, word1);
	m->pc += 8;
}

void expect_stop(struct machine *m, uint8_t dstat, uint8_t sist0, uint8_t sist1)
{
	assert_int_equal(rd8(m, LSI_ISTAT1) & LSI_ISTAT1_SRUN, 0);
	assert_int_equal(rd8(m, LSI_SIST0), sist0);
	assert_int_equal(rd8(m, LSI_SIST1), sist1);
	assert_int_equal(rd8(m, LSI_DSTAT), dstat | LSI_DSTAT_DFE);
	assert_int_equal(rd8(m, LSI_ISTAT0) & (LSI_ISTAT0_SIP | LSI_ISTAT0_DIP), 0);
}

void expect_int(struct machine *m, uint32_t code)
{
	expect_stop(m, LSI_DSTAT_SIR, 0, 0);
	assert_int_equal(rd32(m, LSI_DSPS), code);
}

void expect_blocked(struct machine *m)
{
	assert_int_equal(rd8(m, LSI_ISTAT1) & LSI_ISTAT1_SRUN, LSI_ISTAT1_SRUN);
	assert_int_equal(rd8(m, LSI_ISTAT0) & (LSI_ISTAT0_SIP | LSI_ISTAT0_DIP), 0);
	assert_false(m->scheduled);
}
