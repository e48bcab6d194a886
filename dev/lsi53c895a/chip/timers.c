/* SPDX-License-Identifier: MIT */
/*
 * The three timers, which count periods of the SCSI clock: SCLK, a crystal of 40 MHz,
 * or the PCI clock (STEST1), perhaps quadrupled, divided by what SCNTL3 says. A running
 * timer follows changes of these. Code n of a timer stands for 2^n * 4340 / 3 periods: a
 * sixth more than the manual's minimum (125 us for code 1 at 20 MHz), as on real chips.
 * Drivers that measure their clock with the general purpose timer rely on it.
 */
#include "dev/lsi53c895a/chip/timers.h"

#include "dev/lsi53c895a/chip/interrupt.h"

enum { SCLK_KHZ = 40000, PCI_CLOCK_KHZ = 33333, QUADRUPLED = 4, SCALE = 16 };

/* Thirds of a period that code 0 would stand for. */
#define UNIT UINT64_C(4340)
/* The time that SCSI recommends for a selection, if the driver sets none. */
#define DEFAULT_SELECTION 12
/* Nanoseconds in a period of 1 kHz. */
#define NS UINT64_C(1000000)

/* ---- The clock ---------------------------------------------------------- */

static struct lsi_clock current_clock(const struct lsi_chip *chip)
{
	/* In halves, by SCNTL3.CCF. */
	static const uint8_t divisor[8] = {6, 2, 3, 4, 6, 8, 12, 16};
	const uint8_t *reg = chip->regs.byte;
	uint8_t multiplied = LSI_STEST1_QEN | LSI_STEST1_QSEL;
	struct lsi_clock clock = {
		.khz = reg[LSI_STEST1] & LSI_STEST1_SCLK ? PCI_CLOCK_KHZ : SCLK_KHZ,
		.divisor = divisor[reg[LSI_SCNTL3] & LSI_SCNTL3_CCF],
	};

	if ((reg[LSI_STEST1] & multiplied) == multiplied)
		clock.khz *= QUADRUPLED;
	if (reg[LSI_STEST3] & LSI_STEST3_HSC)
		clock.khz = 0;
	return clock;
}

/* How long `thirds` take, rounded up; the clock runs. A third of a period is
 * divisor / (6 * khz) milliseconds. */
static uint64_t duration(struct lsi_clock clock, uint64_t thirds)
{
	uint64_t rate = UINT64_C(6) * clock.khz;

	return (thirds * clock.divisor * NS + rate - 1) / rate;
}

static uint64_t counted(struct lsi_clock clock, uint64_t ns)
{
	return ns * 6 * clock.khz / (clock.divisor * NS);
}

/* ---- One timer ---------------------------------------------------------- */

static void stop(struct lsi_chip *chip, enum lsi_timer_use use)
{
	struct lsi_timer *timer = &chip->timer[use];

	if (!timer->running)
		return;
	timer->running = false;
	chip->timers_running--;
	chip->dev.host->ops->timer_cancel(chip->dev.host, &timer->host);
}

/* Arms the host's timer for what is left, by the current clock. */
static void go_on(struct lsi_chip *chip, struct lsi_timer *timer)
{
	const struct mpr_host_ops *ops = chip->dev.host->ops;

	timer->clock = current_clock(chip);
	timer->since = ops->now(chip->dev.host);
	if (timer->clock.khz)
		ops->timer_set(chip->dev.host, &timer->host,
			       timer->since + duration(timer->clock, timer->left));
	else
		ops->timer_cancel(chip->dev.host, &timer->host);
}

static void start(struct lsi_chip *chip, enum lsi_timer_use use, unsigned code, bool scaled)
{
	struct lsi_timer *timer = &chip->timer[use];

	stop(chip, use);
	timer->running = true;
	chip->timers_running++;
	timer->left = UNIT << code;
	if (scaled)
		timer->left *= SCALE;
	go_on(chip, timer);
}

static void follow(struct lsi_chip *chip, struct lsi_timer *timer)
{
	struct lsi_clock clock = current_clock(chip);
	uint64_t done;

	if (clock.khz == timer->clock.khz && clock.divisor == timer->clock.divisor)
		return;
	done = counted(timer->clock, chip->dev.host->ops->now(chip->dev.host) - timer->since);
	timer->left -= done < timer->left ? done : timer->left;
	go_on(chip, timer);
}

void lsi_timers_changed(struct lsi_chip *chip)
{
	for (unsigned use = 0; use < LSI_TIMERS; use++)
		if (chip->timer[use].running)
			follow(chip, &chip->timer[use]);
}

void lsi_timers_stop(struct lsi_chip *chip)
{
	for (unsigned use = 0; use < LSI_TIMERS; use++)
		stop(chip, use);
}

/* ---- What they measure -------------------------------------------------- */

static void general_expired(void *opaque)
{
	stop(opaque, LSI_GENERAL_TIMER);
	lsi_raise_scsi(opaque, 0, LSI_SIST1_GEN);
}

static void handshake_expired(void *opaque)
{
	stop(opaque, LSI_HANDSHAKE_TIMER);
	lsi_raise_scsi(opaque, 0, LSI_SIST1_HTH);
}

void lsi_timers_init(struct lsi_chip *chip, void (*selection_expired)(void *chip))
{
	void (*const expired[LSI_TIMERS])(void *opaque) = {
		[LSI_SELECTION_TIMER] = selection_expired,
		[LSI_GENERAL_TIMER] = general_expired,
		[LSI_HANDSHAKE_TIMER] = handshake_expired,
	};

	for (unsigned use = 0; use < LSI_TIMERS; use++)
		chip->timer[use].host = (struct mpr_timer){.fn = expired[use], .opaque = chip};
}

/* Without a time in STIME0 a real chip waits for ever; firmware sets none. */
void lsi_timers_selecting(struct lsi_chip *chip)
{
	unsigned code = chip->regs.byte[LSI_STIME0] & 0x0f;

	start(chip, LSI_SELECTION_TIMER, code ? code : DEFAULT_SELECTION, false);
}

void lsi_timers_bus_free(struct lsi_chip *chip)
{
	stop(chip, LSI_SELECTION_TIMER);
	stop(chip, LSI_HANDSHAKE_TIMER);
}

void lsi_timers_measure_handshake(struct lsi_chip *chip)
{
	if (chip->bus.state != LSI_BUS_CONNECTED)
		return;
	start(chip, LSI_HANDSHAKE_TIMER, chip->regs.byte[LSI_STIME0] >> 4,
	      chip->regs.byte[LSI_STIME1] & LSI_STIME1_HTHSF);
}

void lsi_timers_written(struct lsi_chip *chip, uint8_t reg)
{
	uint8_t value = chip->regs.byte[reg];

	if (reg == LSI_STIME0) {
		if (value >> 4 == 0)
			stop(chip, LSI_HANDSHAKE_TIMER);
	} else if (value & 0x0f) {
		start(chip, LSI_GENERAL_TIMER, value & 0x0f, value & LSI_STIME1_GENSF);
	} else {
		stop(chip, LSI_GENERAL_TIMER);
	}
}
