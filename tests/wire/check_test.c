/* SPDX-License-Identifier: MIT */
/* Proves that mpr_wire_check() accepts right messages and names what is wrong
 * with others. */
#include "tests/wire/pair.h"

static struct mpr_wire_msg msg;

/* A right message of each form, made in the static msg. */
static void make(enum mpr_wire_type type, unsigned flags, size_t length, unsigned nfds)
{
	memset(&msg, 0, sizeof(msg));
	assert_int_equal(
		mpr_wire_header_init(&msg.header, type, type == MPR_WIRE_HELLO ? NULL : "lsi0"), 0);
	msg.header.flags = flags;
	msg.header.length = length;
	msg.header.nfds = nfds;
}

static void *make_hello(void)
{
	struct mpr_wire_hello *hello = (void *)msg.payload;

	make(MPR_WIRE_HELLO, 0, sizeof(*hello), 0);
	hello->magic = MPR_WIRE_MAGIC;
	hello->version_min = hello->version_max = MPR_WIRE_VERSION;
	return hello;
}

static struct mpr_wire_description *make_description(void)
{
	struct mpr_wire_description *d = (void *)msg.payload;

	make(MPR_WIRE_DESCRIBE, MPR_WIRE_ANSWER, sizeof(*d), 0);
	strcpy(d->driver, "lsi53c895a");
	d->bar[0] = (struct mpr_wire_bar){.kind = MPR_BAR_IO, .size = 256};
	d->bar[1] = (struct mpr_wire_bar){.kind = MPR_BAR_MEM32, .size = 1024};
	d->bar[2] = (struct mpr_wire_bar){.kind = MPR_BAR_RAM32, .size = 8192};
	d->interrupt_pin = 1;
	return d;
}

static struct mpr_wire_region *make_memory(void)
{
	struct mpr_wire_region *r = (void *)msg.payload;

	make(MPR_WIRE_MEMORY, 0, 2 * sizeof(*r), 1);
	r[0] = (struct mpr_wire_region){.address = 0, .size = 0xa0000};
	r[1] = (struct mpr_wire_region){.address = 0x100000, .size = 0x100000, .offset = 0x100000};
	return r;
}

static void expect_right(void)
{
	const char *why = "";

	if (mpr_wire_check(&msg, &why))
		fail_msg("refused: %s", why);
}

static void expect_wrong(const char *part)
{
	const char *why = "";

	assert_int_equal(mpr_wire_check(&msg, &why), -EPROTO);
	if (!strstr(why, part))
		fail_msg("'%s' does not mention '%s'", why, part);
}

UNIT_TEST(right_messages_pass)
{
	make_hello();
	expect_right();
	msg.header.flags = MPR_WIRE_ANSWER;
	expect_right();
	make(MPR_WIRE_DESCRIBE, 0, 0, 0);
	expect_right();
	make_description();
	expect_right();
	make(MPR_WIRE_CHANNEL, 0, sizeof(struct mpr_wire_channel), 2);
	expect_right();
	make(MPR_WIRE_CHANNEL, MPR_WIRE_ANSWER, 0, 0);
	expect_right();
	make_memory();
	expect_right();
	make(MPR_WIRE_MEMORY, 0, 0, 0);
	expect_right();
	make(MPR_WIRE_MEMORY, MPR_WIRE_ANSWER, 0, 0);
	expect_right();
	make(MPR_WIRE_INTX, 0, sizeof(struct mpr_wire_intx), 1);
	expect_right();
	make(MPR_WIRE_INTX, MPR_WIRE_ANSWER, 0, 0);
	expect_right();
	make(MPR_WIRE_CLOSE, 0, 0, 0);
	expect_right();
	make(MPR_WIRE_ERROR, MPR_WIRE_ANSWER, sizeof(struct mpr_wire_error), 0);
	expect_right();
}

UNIT_TEST(unknown_types_are_refused)
{
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		bool known = type >= MPR_WIRE_HELLO && type <= MPR_WIRE_CLOSE;

		make(type, 0, 0, 0);
		if (!known)
			expect_wrong("unknown message type");
	}
	make(MPR_WIRE_CLOSE + 1, MPR_WIRE_ANSWER, 0, 0);
	expect_wrong("unknown message type");
}

UNIT_TEST(header_fields_are_checked)
{
	make(MPR_WIRE_CLOSE, 2, 0, 0);
	expect_wrong("flags");
	make(MPR_WIRE_CLOSE, 0, 0, 0);
	msg.header.reserved0 = 1;
	expect_wrong("reserved");
	make(MPR_WIRE_CLOSE, 0, 0, 0);
	msg.header.reserved[15] = 1;
	expect_wrong("reserved");
	make(MPR_WIRE_CLOSE, 0, 1, 0);
	expect_wrong("length");
	make(MPR_WIRE_CLOSE, 0, 0, 1);
	expect_wrong("file descriptors");
}

UNIT_TEST(ids_are_checked)
{
	make(MPR_WIRE_CLOSE, 0, 0, 0);
	memset(msg.header.id, 0, sizeof(msg.header.id));
	expect_wrong("id is empty");
	make(MPR_WIRE_CLOSE, 0, 0, 0);
	memset(msg.header.id, 'a', sizeof(msg.header.id));
	expect_wrong("id is not printable");
	make(MPR_WIRE_CLOSE, 0, 0, 0);
	msg.header.id[31] = 'x';
	expect_wrong("id is not printable");
	make(MPR_WIRE_CLOSE, 0, 0, 0);
	msg.header.id[0] = '\n';
	expect_wrong("id is not printable");
	make_hello();
	strcpy(msg.header.id, "lsi0");
	expect_wrong("id is not empty");
}

UNIT_TEST(hellos_are_checked)
{
	struct mpr_wire_hello *hello = make_hello();

	hello->magic++;
	expect_wrong("magic");
	make_hello();
	hello->version_min = 2;
	hello->version_max = 1;
	expect_wrong("version_min");
	make_hello();
	hello->reserved[0] = 1;
	expect_wrong("reserved");
}

UNIT_TEST(descriptions_are_checked)
{
	static const struct mpr_wire_bar wrong[] = {
		{.kind = 4, .size = 16},
		{.kind = MPR_BAR_NONE, .size = 16},
		{.kind = MPR_BAR_IO, .size = 0},
		{.kind = MPR_BAR_RAM32, .size = 2048},
		{.kind = MPR_BAR_RAM32, .size = 5000},
		{.kind = MPR_BAR_RAM32, .size = 1 << 25},
		{.kind = MPR_BAR_IO, .size = 2},
		{.kind = MPR_BAR_IO, .size = 100},
		{.kind = MPR_BAR_IO, .size = 1 << 17},
		{.kind = MPR_BAR_MEM32, .size = 8},
		{.kind = MPR_BAR_MEM32, .size = 3000},
		{.kind = MPR_BAR_IO, {1}, .size = 16},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		make_description()->bar[5] = wrong[i];
		expect_wrong("BAR");
	}
	make_description()->interrupt_pin = 5;
	expect_wrong("interrupt pin");
	make_description()->reserved0 = 1;
	expect_wrong("reserved");
	make_description()->reserved[11] = 1;
	expect_wrong("reserved");
	make_description()->node = 1025;
	expect_wrong("NUMA node");
	make_description()->driver[0] = 0;
	expect_wrong("driver");
	memset(make_description()->driver, 'a', 32);
	expect_wrong("driver");
}

UNIT_TEST(channels_and_interrupts_are_checked)
{
	struct mpr_wire_channel *channel = (void *)msg.payload;

	make(MPR_WIRE_CHANNEL, 0, sizeof(struct mpr_wire_channel), 1);
	expect_wrong("file descriptors");
	make(MPR_WIRE_CHANNEL, 0, sizeof(struct mpr_wire_channel), 2);
	channel->flags = 2;
	expect_wrong("flags");
	channel->flags = MPR_CHANNEL_REPORT_DMA;
	channel->reserved = 1;
	expect_wrong("reserved");
	make(MPR_WIRE_CHANNEL, 0, sizeof(struct mpr_wire_channel), 4);
	channel->files = 1 << 2;
	expect_wrong("wrong number of file descriptors");
	channel->files = 1 << 6;
	expect_wrong("a BAR that does not exist");
	channel->files = 1 << 0 | 1 << 5;
	expect_right();
	make(MPR_WIRE_INTX, 0, sizeof(struct mpr_wire_intx), 2);
	expect_wrong("file descriptors");
	make(MPR_WIRE_INTX, 0, sizeof(struct mpr_wire_intx), 1);
	((struct mpr_wire_intx *)(void *)msg.payload)->flags = 2;
	expect_wrong("flags");
	((struct mpr_wire_intx *)(void *)msg.payload)->flags = MPR_INTX_RESAMPLE;
	expect_wrong("file descriptors");
	((struct mpr_wire_intx *)(void *)msg.payload)->flags = 0;
	((struct mpr_wire_intx *)(void *)msg.payload)->reserved[0] = 1;
	expect_wrong("reserved");
}

UNIT_TEST(memory_tables_are_checked)
{
	struct mpr_wire_region *r = make_memory();

	msg.header.length--;
	expect_wrong("regions");
	make_memory();
	msg.header.length = (MPR_WIRE_MAX_REGIONS + 1) * sizeof(*r);
	expect_wrong("regions");
	make_memory();
	r[1].fd = 1;
	expect_wrong("file descriptor");
	make_memory();
	r[1].flags = 2;
	expect_wrong("flags");
	make_memory();
	r[1].size++;
	expect_wrong("whole pages");
	make_memory();
	r[1].size = 0;
	expect_wrong("whole pages");
	make_memory();
	r[1].address = r[0].size - 4096;
	expect_wrong("overlap");
	make_memory();
	r[1].address = UINT64_MAX - 4095;
	expect_wrong("last address");
	make_memory();
	r[1].offset = UINT64_MAX - 4095;
	expect_wrong("last address");
	make_memory();
	r[1].offset = INT64_MAX - 4095;
	expect_wrong("last address");
}

UNIT_TEST(errors_are_answers_with_terminated_text)
{
	struct mpr_wire_error *error = (void *)msg.payload;

	make(MPR_WIRE_ERROR, MPR_WIRE_ANSWER, sizeof(*error), 0);
	memset(error->text, 'a', sizeof(error->text));
	expect_wrong("not terminated");
	make(MPR_WIRE_ERROR, 0, sizeof(*error), 0);
	expect_wrong("unknown message type");
}
