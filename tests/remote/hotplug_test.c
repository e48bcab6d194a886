/* SPDX-License-Identifier: MIT */
/* Proves that devices and drives can come and go while commands are under way: every
 * command completes, nothing is used after it was freed, and each removal is reported
 * once. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev/scsi/disk/scsi_hd.h"
#include "dev/scsi/scsi.h"
#include "remote/machine/hotplug.h"
#include "tests/remote/harness.h"

/* ---- An adapter with a SCSI bus and nothing else ------------------------ */

static struct {
	unsigned completed;
	uint8_t status;
} task_end;

static void on_data(void *hba, struct mpr_scsi_task *task)
{
	(void)hba;
	(void)task;
}

static void on_complete(void *hba, struct mpr_scsi_task *task)
{
	(void)hba;
	task_end.completed++;
	task_end.status = task->status;
}

static const struct mpr_scsi_hba_ops hba_ops = {on_data, on_complete, on_complete};
static const struct mpr_pci_info pci_info = {.bar = {{MPR_BAR_MEM32, 16}}};

static int create(struct mpr_device *dev)
{
	struct mpr_scsi_bus *bus;

	assert_int_equal(mpr_scsi_bus_create(&hba_ops, dev, &bus), 0);
	dev->bus = mpr_scsi_bus_base(bus);
	return 0;
}

static void destroy(struct mpr_device *dev)
{
	mpr_scsi_bus_destroy(mpr_scsi_bus_of(dev->bus));
}

static const struct mpr_device_ops adapter_ops = {
	.model = {"adapter", "adapter for tests", MPR_BUS_PCI, sizeof(struct mpr_device), NULL,
		  NULL},
	.pci = &pci_info,
	.create = create,
	.destroy = destroy,
};
static const struct mpr_model *const models[] = {&adapter_ops.model, &mpr_scsi_hd_ops.model, NULL};

/* ---- A machine ---------------------------------------------------------- */

struct plugged {
	struct mpr_cmdline cmdline;
	struct mpr_watcher watcher;
	struct mpr_timers timers;
	struct mpr_machine machine;
	struct mpr_events events;
	char deleted[256]; /* "disk0 a1 " */
	unsigned opened, closed;
	char image[2][64];
	char *error;
};

static void on_deleted(void *opaque, const char *id)
{
	struct plugged *p = opaque;

	strcat(strcat(p->deleted, id), " ");
}

static void on_io_error(void *opaque, const struct mpr_drive *drive)
{
	(void)opaque;
	(void)drive;
}

static int open_door(void *opaque, struct mpr_endpoint *endpoint, char **error)
{
	struct plugged *p = opaque;

	(void)endpoint;
	(void)error;
	p->opened++;
	return 0;
}

static void close_door(void *opaque, struct mpr_endpoint *endpoint)
{
	struct plugged *p = opaque;

	(void)endpoint;
	p->closed++;
}

static void make_image(char *path, size_t size)
{
	int fd;

	snprintf(path, size, "/tmp/mpring-hotplug.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	close(fd);
}

static int setup(void **state)
{
	struct plugged *p = calloc(1, sizeof(*p));
	char drive[128];
	char *argv[] = {"mpring-remote",
			"-device",
			"adapter,id=a0",
			"-object",
			"x-remote-object,id=r0,devid=a0,path=/tmp/none",
			"-drive",
			drive,
			"-device",
			"scsi-hd,id=disk0,drive=d0",
			NULL};

	make_image(p->image[0], sizeof(p->image[0]));
	make_image(p->image[1], sizeof(p->image[1]));
	snprintf(drive, sizeof(drive), "id=d0,file=%s", p->image[0]);
	assert_int_equal(mpr_cmdline_parse(&p->cmdline, 9, argv, models, &p->error), 0);
	assert_int_equal(mpr_uring_create(8, &p->watcher.uring), 0);
	if (mpr_machine_build(&p->machine, &p->cmdline, &p->watcher, &p->timers, &p->error) < 0)
		fail_msg("%s", p->error);
	p->events = (struct mpr_events){on_deleted, on_io_error, p};
	p->machine.events = &p->events;
	p->machine.offers.endpoints.doors = (struct mpr_door_ops){open_door, close_door, p};
	memset(&task_end, 0, sizeof(task_end));
	*state = p;
	return 0;
}

/* Until there is nothing left to do. */
static void settle(struct plugged *p)
{
	while (mpr_machine_step(&p->machine) || !mpr_machine_drained(&p->machine)) {
		if (!mpr_machine_drained(&p->machine))
			assert_int_equal(mpr_uring_wait(p->watcher.uring, UINT64_MAX), 0);
		(void)mpr_uring_reap(p->watcher.uring);
	}
}

static int teardown(void **state)
{
	struct plugged *p = *state;

	settle(p);
	mpr_machine_destroy(&p->machine);
	mpr_uring_destroy(p->watcher.uring);
	mpr_cmdline_free(&p->cmdline);
	unlink(p->image[0]);
	unlink(p->image[1]);
	free(p->error);
	free(p);
	return 0;
}

#define TEST(name) UNIT_TEST_WITH(name, setup, teardown)

static struct mpr_opts *parse(const char *option, const char *implied, const char *text)
{
	struct mpr_opts *opts;
	char *error;

	assert_int_equal(mpr_opts_parse(option, text, implied, &opts, &error), 0);
	return opts;
}

static void add_device(struct plugged *p, const char *text)
{
	if (mpr_machine_add_device(&p->machine, parse("device_add", "driver", text), &p->error) < 0)
		fail_msg("%s", p->error);
}

static void add_drive(struct plugged *p, bool blockdev)
{
	char text[160];

	snprintf(text, sizeof(text),
		 blockdev ? "driver=raw,node-name=d1,file.driver=file,file.filename=%s"
			  : "id=d1,file=%s",
		 p->image[1]);
	if (mpr_machine_add_drive(&p->machine, parse("drive_add", NULL, text), blockdev,
				  &p->error) < 0)
		fail_msg("%s", p->error);
}

static void assert_refused(struct plugged *p, int ret, const char *text)
{
	assert_true(ret < 0);
	assert_non_null(p->error);
	if (!strstr(p->error, text))
		fail_msg("message '%s' lacks '%s'", p->error, text);
	free(p->error);
	p->error = NULL;
}

static struct mpr_scsi_bus *bus(const struct plugged *p)
{
	return mpr_scsi_bus_of(p->machine.devices.hosted[0]->dev->bus);
}

static uint8_t buffer[512];
static struct iovec sg = {buffer, sizeof(buffer)};

static struct mpr_scsi_task *start_read(struct plugged *p)
{
	static const uint8_t request_sense[] = {3, 0, 0, 0, 0, 0};
	static const uint8_t read_1[] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0};
	struct mpr_scsi_task *task = mpr_scsi_task_new(bus(p), 0, 0, 0, MPR_SCSI_SIMPLE,
						       request_sense, sizeof(request_sense), NULL);

	mpr_scsi_task_start(task, NULL, 0);
	mpr_scsi_task_free(task);
	memset(&task_end, 0, sizeof(task_end));
	task = mpr_scsi_task_new(bus(p), 0, 0, 0, MPR_SCSI_SIMPLE, read_1, sizeof(read_1), NULL);
	mpr_scsi_task_start(task, &sg, 1);
	assert_int_equal(mpr_blk_in_flight(p->machine.storage.drives[0]->blk), 1);
	return task;
}

/* ---- Disks -------------------------------------------------------------- */

TEST(disk_comes_and_goes_with_its_drive)
{
	struct plugged *p = *state;

	add_drive(p, false);
	add_device(p, "scsi-hd,id=disk1,drive=d1,bus=a0.0,scsi-id=5");
	assert_true(mpr_scsi_target_present(bus(p), 5));
	assert_int_equal(mpr_machine_remove_device(&p->machine, "disk1", &p->error), 0);
	assert_false(mpr_scsi_target_present(bus(p), 5));
	settle(p);
	assert_string_equal(p->deleted, "disk1 ");
	assert_int_equal(p->machine.storage.count, 1);
	assert_int_equal(p->cmdline.devices.count, 2);
	assert_int_equal(p->cmdline.drives.count, 1);
	/* All names and the image are free again. */
	add_drive(p, false);
	add_device(p, "scsi-hd,id=disk1,drive=d1");
}

TEST(node_outlives_its_disk)
{
	struct plugged *p = *state;

	add_drive(p, true);
	add_device(p, "scsi-hd,id=disk1,drive=d1");
	assert_refused(p, mpr_machine_remove_drive(&p->machine, "d1", true, &p->error),
		       "in use by");
	assert_int_equal(mpr_machine_remove_device(&p->machine, "disk1", &p->error), 0);
	settle(p);
	assert_int_equal(p->machine.storage.count, 2);
	add_device(p, "scsi-hd,id=disk2,drive=d1");
	assert_int_equal(mpr_machine_remove_device(&p->machine, "disk2", &p->error), 0);
	settle(p);
	assert_int_equal(mpr_machine_remove_drive(&p->machine, "d1", true, &p->error), 0);
	settle(p);
	assert_int_equal(p->machine.storage.count, 1);
	assert_string_equal(p->deleted, "disk1 disk2 ");
}

TEST(drive_that_is_being_closed_takes_no_disk)
{
	struct plugged *p = *state;
	struct mpr_opts *opts = parse("device_add", "driver", "scsi-hd,id=disk1,drive=d1");

	add_drive(p, false);
	assert_int_equal(mpr_machine_remove_drive(&p->machine, "d1", false, &p->error), 0);
	assert_false(mpr_machine_settled(&p->machine));
	assert_refused(p, mpr_machine_add_device(&p->machine, opts, &p->error), "being removed");
	mpr_opts_free(opts);
	settle(p);
	assert_true(mpr_machine_settled(&p->machine));
}

TEST(request_in_flight_ends_before_the_disk_is_gone)
{
	struct plugged *p = *state;
	struct mpr_scsi_task *task = start_read(p);

	assert_int_equal(mpr_machine_remove_device(&p->machine, "disk0", &p->error), 0);
	assert_false(mpr_machine_step(&p->machine));
	assert_string_equal(p->deleted, "");
	assert_refused(p, mpr_machine_remove_device(&p->machine, "disk0", &p->error), "already");
	settle(p);
	assert_int_equal(task_end.completed, 1);
	assert_int_equal(task_end.status, MPR_SCSI_CHECK_CONDITION);
	assert_string_equal(p->deleted, "disk0 ");
	assert_int_equal(p->machine.storage.count, 0);
	mpr_scsi_task_free(task);
}

/* A read beyond the end of a truncated image, which is held (rerror=stop). */
static struct mpr_scsi_task *start_held_read(struct plugged *p)
{
	struct mpr_scsi_task *task;

	mpr_blk_set_on_error(p->machine.storage.drives[0]->blk, MPR_BLK_STOP, MPR_BLK_STOP);
	assert_int_equal(truncate(p->image[0], 0), 0);
	task = start_read(p);
	settle(p);
	assert_int_equal(mpr_blk_held(p->machine.storage.drives[0]->blk), 1);
	assert_int_equal(task_end.completed, 0);
	return task;
}

TEST(going_on_tries_again)
{
	struct plugged *p = *state;
	struct mpr_scsi_task *task = start_held_read(p);

	mpr_machine_stop(&p->machine, true);
	assert_int_equal(truncate(p->image[0], 1 << 20), 0);
	mpr_machine_stop(&p->machine, false);
	settle(p);
	assert_int_equal(mpr_blk_held(p->machine.storage.drives[0]->blk), 0);
	assert_int_equal(mpr_blk_stats(p->machine.storage.drives[0]->blk)->rd_operations, 1);
	mpr_scsi_task_cancel(task);
	mpr_scsi_task_free(task);
}

TEST(cancelled_task_does_not_wait_for_better_times)
{
	struct plugged *p = *state;
	struct mpr_scsi_task *task = start_held_read(p);

	mpr_scsi_task_cancel(task);
	settle(p);
	assert_int_equal(task_end.completed, 1);
	mpr_scsi_task_free(task);
	task = start_read(p); /* cancelled before it fails */
	mpr_scsi_task_cancel(task);
	settle(p);
	assert_int_equal(task_end.completed, 1);
	mpr_scsi_task_free(task);
}

TEST(held_request_does_not_keep_a_disk)
{
	struct plugged *p = *state;
	struct mpr_scsi_task *task = start_held_read(p);

	assert_int_equal(mpr_machine_remove_device(&p->machine, "disk0", &p->error), 0);
	settle(p);
	assert_int_equal(task_end.status, MPR_SCSI_CHECK_CONDITION);
	assert_string_equal(p->deleted, "disk0 ");
	mpr_scsi_task_free(task);
}

TEST(disk_grows_with_its_image)
{
	struct plugged *p = *state;

	assert_int_equal(mpr_machine_resize_drive(&p->machine, "d0", 2 << 20, &p->error), 0);
	assert_int_equal(mpr_blk_size(p->machine.storage.drives[0]->blk), 2 << 20);
	assert_refused(p, mpr_machine_resize_drive(&p->machine, "d0", 1000, &p->error),
		       "multiple of 512");
	assert_int_equal(mpr_machine_resize_drive(&p->machine, "d9", 512, &p->error), -ENODEV);
	assert_refused(p, -1, "\"d9\" not found");
}

TEST(shrinking_waits_for_requests)
{
	struct plugged *p = *state;
	struct mpr_scsi_task *task = start_read(p);

	assert_refused(p, mpr_machine_resize_drive(&p->machine, "d0", 512, &p->error), "in flight");
	settle(p);
	assert_int_equal(mpr_machine_resize_drive(&p->machine, "d0", 512, &p->error), 0);
	mpr_scsi_task_cancel(task);
	mpr_scsi_task_free(task);
}

/* ---- Adapters ----------------------------------------------------------- */

TEST(adapter_takes_its_disks_along)
{
	struct plugged *p = *state;

	add_device(p, "adapter,id=a1");
	add_drive(p, false);
	add_device(p, "scsi-hd,id=disk1,drive=d1,bus=a1.0");
	assert_int_equal(mpr_machine_remove_device(&p->machine, "a1", &p->error), 0);
	settle(p);
	assert_string_equal(p->deleted, "disk1 a1 ");
	assert_int_equal(p->machine.devices.count, 1);
	assert_int_equal(p->machine.storage.count, 1);
}

TEST(adapter_in_use_stays)
{
	struct plugged *p = *state;

	p->machine.devices.hosted[0]->owner = p;
	assert_refused(p, mpr_machine_remove_device(&p->machine, "a0", &p->error), "open in a VMM");
	assert_refused(p, mpr_machine_remove_object(&p->machine, "r0", &p->error), "open in a VMM");
	p->machine.devices.hosted[0]->owner = NULL;
}

TEST(object_opens_a_socket_and_closes_it)
{
	static const char text[] = "x-remote-object,id=r1,devid=a1,path=/tmp/none1";
	struct plugged *p = *state;
	struct mpr_opts *opts = parse("object-add", "qom-type", text);

	add_device(p, "adapter,id=a1");
	assert_int_equal(mpr_machine_add_object(&p->machine, opts, -1, &p->error), 0);
	assert_int_equal(p->opened, 1);
	assert_int_equal(p->machine.offers.endpoints.count, 2);
	assert_int_equal(mpr_machine_remove_object(&p->machine, "r1", &p->error), 0);
	assert_int_equal(p->closed, 1);
	assert_int_equal(p->machine.offers.endpoints.count, 1);
	assert_refused(p, mpr_machine_remove_object(&p->machine, "r1", &p->error), "not found");
}

TEST(removed_adapter_takes_its_object_along)
{
	struct plugged *p = *state;

	assert_int_equal(mpr_machine_remove_device(&p->machine, "a0", &p->error), 0);
	settle(p);
	assert_int_equal(p->closed, 1);
	assert_int_equal(p->cmdline.objects.count, 0);
	assert_int_equal(p->machine.devices.count, 0);
	assert_string_equal(p->deleted, "disk0 a0 ");
}

TEST(what_cannot_be_added_changes_nothing)
{
	static const struct {
		const char *text, *error;
	} wrong[] = {
		{"scsi-hd,id=disk0,drive=d0", "id \"disk0\" is taken"},
		{"scsi-hd,id=disk1,drive=d9", "no drive \"d9\""},
		{"scsi-hd,id=disk1,drive=d0", "is used by"},
		{"scsi-hd,id=disk1,drive=d0,bus=a7.0", "no bus \"a7.0\""},
		{"adapter,id=a0", "id \"a0\" is taken"},
		{"adaptor,id=a1", "did you mean \"adapter\""},
		{"scsi-hd,id=x,lun=1,chanel=0", "did you mean \"channel\""},
	};
	struct plugged *p = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct mpr_opts *opts = parse("device_add", "driver", wrong[i].text);

		assert_refused(p, mpr_machine_add_device(&p->machine, opts, &p->error),
			       wrong[i].error);
		mpr_opts_free(opts);
	}
	assert_int_equal(p->cmdline.devices.count, 2);
	assert_int_equal(p->machine.devices.count, 1);
}
