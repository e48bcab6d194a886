/* SPDX-License-Identifier: MIT */
/* Proves that disks are attached as the command line says, whatever the order
 * of its options, and that what cannot be attached is refused by name. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "dev/scsi/disk/scsi_hd.h"
#include "dev/scsi/scsi.h"
#include "remote/machine/cmdline.h"
#include "remote/machine/machine.h"
#include "tests/remote/harness.h"

#define MAX_ARGS 24

/* An adapter with a SCSI bus and nothing else. */
static const struct mpr_scsi_hba_ops hba_ops;
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

/* A machine, and how building it went. */
struct built {
	struct mpr_cmdline cmdline;
	struct mpr_watcher watcher;
	struct mpr_timers timers;
	struct mpr_machine machine;
	char *error;
};

static char image[2][256];
static char readonly_image[300];

/* "IMAGE0" and "IMAGE1" in an argument become the paths of images. */
static char *expand(const char *arg)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (const char *mark; (mark = strstr(arg, "IMAGE")); arg = mark + 6)
		fprintf(out, "%.*s%s", (int)(mark - arg), arg, image[mark[5] - '0']);
	fputs(arg, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static int build(struct built *built, const char *const *args, char **argv)
{
	int argc = 1;
	int ret;

	*built = (struct built){0};
	argv[0] = "mpring-remote";
	for (; *args; args++)
		argv[argc++] = expand(*args);
	argv[argc] = NULL;
	assert_int_equal(mpr_cmdline_parse(&built->cmdline, argc, argv, models, &built->error), 0);
	assert_int_equal(mpr_uring_create(8, &built->watcher.uring), 0);
	ret = mpr_machine_build(&built->machine, &built->cmdline, &built->watcher, &built->timers,
				&built->error);
	return ret;
}

static void demolish(struct built *built, char **argv)
{
	mpr_machine_destroy(&built->machine);
	mpr_uring_destroy(built->watcher.uring);
	mpr_cmdline_free(&built->cmdline);
	free(built->error);
	while (*++argv)
		free(*argv);
}

#define OBJECT "-object", "x-remote-object,id=r0,devid=a0,path=/tmp/none"

/* Which targets of the first adapter answer, as a mask. */
static unsigned targets(const struct built *built)
{
	unsigned mask = 0;

	for (unsigned id = 0; id < MPR_SCSI_MAX_TARGETS; id++)
		if (mpr_scsi_target_present(
			    mpr_scsi_bus_of(built->machine.devices.hosted[0]->dev->bus), id))
			mask |= 1u << id;
	return mask;
}

static void assert_targets(const char *const *args, unsigned mask)
{
	char *argv[MAX_ARGS];
	struct built built;

	if (build(&built, args, argv) < 0)
		fail_msg("%s", built.error);
	assert_int_equal(targets(&built), mask);
	demolish(&built, argv);
}

static void assert_refused(const char *const *args, const char *message)
{
	char *argv[MAX_ARGS];
	struct built built;
	char *expected = expand(message);

	assert_true(build(&built, args, argv) < 0);
	assert_non_null(built.error);
	assert_string_equal(built.error, expected);
	free(expected);
	demolish(&built, argv);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

UNIT_TEST(order_of_options_does_not_matter)
{
	assert_targets(ARGS("-drive", "id=d0,file=IMAGE0", "-device", "adapter,id=a0", "-device",
			    "scsi-hd,drive=d0,bus=a0.0,scsi-id=3", OBJECT),
		       1u << 3);
	assert_targets(ARGS(OBJECT, "-device", "scsi-hd,drive=d0,bus=a0.0,scsi-id=3", "-device",
			    "adapter,id=a0", "-drive", "id=d0,file=IMAGE0"),
		       1u << 3);
}

UNIT_TEST(scsi_id_defaults_to_the_lowest_free_one)
{
	assert_targets(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive", "id=d0,file=IMAGE0",
			    "-drive", "id=d1,file=IMAGE1", "-device", "scsi-hd,drive=d0,scsi-id=0",
			    "-device", "scsi-hd,drive=d1"),
		       3);
}

UNIT_TEST(disks_share_a_target_by_lun)
{
	assert_targets(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive", "id=d0,file=IMAGE0",
			    "-drive", "id=d1,file=IMAGE1", "-device",
			    "scsi-hd,drive=d0,scsi-id=15,lun=0", "-device",
			    "scsi-hd,drive=d1,scsi-id=15,lun=1"),
		       1u << 15);
}

UNIT_TEST(unknown_drive_lists_the_known)
{
	assert_refused(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive", "id=d0,file=IMAGE0",
			    "-drive", "id=d1,file=IMAGE1", "-device", "scsi-hd,drive=d9,bus=a0.0"),
		       "-device scsi-hd,drive=d9,bus=a0.0: no drive \"d9\" (there is: d0, d1)");
}

UNIT_TEST(unknown_bus_lists_the_known)
{
	assert_refused(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive", "id=d0,file=IMAGE0",
			    "-device", "scsi-hd,drive=d0,bus=a1.0"),
		       "-device scsi-hd,drive=d0,bus=a1.0: no bus \"a1.0\" (there is: a0.0)");
}

/* A thread that has an image locked until it was opened twice. */
struct holder {
	int image, opened; /* inotify of the image's opening */
	pthread_t thread;
};

static void *let_go(void *opaque)
{
	struct holder *holder = opaque;
	char events[4096];

	for (size_t seen = 0; seen < 2 * sizeof(struct inotify_event);)
		seen += (size_t)read(holder->opened, events, sizeof(struct inotify_event));
	close(holder->image);
	return NULL;
}

static void hold(struct holder *holder, const char *path)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	holder->image = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fcntl(holder->image, F_OFD_SETLK, &whole), 0);
	holder->opened = inotify_init1(IN_CLOEXEC);
	assert_true(inotify_add_watch(holder->opened, path, IN_OPEN) >= 0);
	assert_int_equal(pthread_create(&holder->thread, NULL, let_go, holder), 0);
}

/* As after a process was killed, until the kernel has ended its I/O. */
UNIT_TEST(lock_that_goes_is_waited_for)
{
	struct holder holder;

	hold(&holder, image[0]);
	assert_targets(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive", "id=d0,file=IMAGE0",
			    "-device", "scsi-hd,drive=d0,scsi-id=0"),
		       1);
	pthread_join(holder.thread, NULL);
	close(holder.opened);
}

#define ON_ONE_IMAGE(a, b)                                                                \
	ARGS(OBJECT, "-device", "adapter,id=a0", "-drive", "id=d0,file=IMAGE0", "-drive", \
	     "id=d1,file=IMAGE0", "-device", "scsi-hd,drive=d0" a, "-device",             \
	     "scsi-hd,drive=d1" b)

UNIT_TEST(image_is_shared_by_disks_that_all_say_so)
{
	assert_targets(ON_ONE_IMAGE(",share-rw=on", ",share-rw=on"), 3);
	assert_refused(ON_ONE_IMAGE(",share-rw=on", ""),
		       "-drive id=d1,file=IMAGE0: IMAGE0: is in use by another program: close that "
		       "first, or let both use readonly=on");
	assert_refused(ON_ONE_IMAGE("", ",share-rw=on"),
		       "-drive id=d1,file=IMAGE0: IMAGE0: is in use by another program: close that "
		       "first, or let both use readonly=on");
}

/* A node is opened before its disk, which then finds that others may write. */
UNIT_TEST(disk_that_does_not_share_wants_the_image_alone)
{
	struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int fd = open(image[0], O_RDWR | O_CLOEXEC);

	assert_int_equal(fcntl(fd, F_OFD_SETLK, &whole), 0);
	assert_refused(ARGS(OBJECT, "-device", "adapter,id=a0", "-blockdev",
			    "driver=file,node-name=f0,filename=IMAGE0", "-blockdev",
			    "driver=raw,node-name=n0,file=f0", "-device", "scsi-hd,drive=n0"),
		       "-device scsi-hd,drive=n0: IMAGE0 is in use by another program: close that "
		       "first, or let both use share-rw=on");
	assert_targets(ARGS(OBJECT, "-device", "adapter,id=a0", "-blockdev",
			    "driver=file,node-name=f0,filename=IMAGE0", "-blockdev",
			    "driver=raw,node-name=n0,file=f0", "-device",
			    "scsi-hd,drive=n0,share-rw=on"),
		       1);
	close(fd);
}

UNIT_TEST(write_cache_of_the_disk_goes_before_the_drives)
{
	static const struct {
		const char *drive, *disk;
		enum mpr_blk_cache expected;
	} cases[] = {
		{"id=d0,file=IMAGE0,cache=writethrough", "scsi-hd,drive=d0",
		 MPR_CACHE_WRITETHROUGH},
		{"id=d0,file=IMAGE0,cache=writethrough", "scsi-hd,drive=d0,write-cache=on",
		 MPR_CACHE_WRITEBACK},
		{"id=d0,file=IMAGE0,cache=writeback", "scsi-hd,drive=d0,write-cache=off",
		 MPR_CACHE_WRITEBACK},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *argv[MAX_ARGS];
		struct built built;

		assert_int_equal(build(&built,
				       ARGS(OBJECT, "-device", "adapter,id=a0", "-drive",
					    cases[i].drive, "-device", cases[i].disk),
				       argv),
				 0);
		assert_int_equal(mpr_blk_cache_mode(built.machine.storage.drives[0]->blk),
				 cases[i].expected);
		demolish(&built, argv);
	}
}

/* Numbered as by QEMU: seven units a bus. */
UNIT_TEST(drives_make_their_own_disks)
{
	char *argv[MAX_ARGS];
	struct built built;

	assert_targets(ARGS(OBJECT, "-device", "scsi-hd,drive=d1", "-device", "adapter,id=a0",
			    "-drive", "if=scsi,file=IMAGE0", "-drive", "id=d1,file=IMAGE1"),
		       3);
	assert_targets(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive",
			    "if=scsi,file=IMAGE0,unit=5", "-drive", "if=scsi,file=IMAGE1,index=3"),
		       1u << 5 | 1u << 3);
	/* Commas in an adapter's id, too. */
	assert_targets(ARGS("-object", "x-remote-object,id=r0,devid=a,,bus=b,path=/tmp/none",
			    "-device", "adapter,id=a,,bus=b", "-drive", "if=scsi,file=IMAGE0"),
		       1);
	assert_int_equal(build(&built,
			       ARGS(OBJECT, "-device", "adapter,id=a0", "-device", "adapter,id=a1",
				    "-object", "x-remote-object,id=r1,devid=a1,path=/tmp/none1",
				    "-drive", "if=scsi,file=IMAGE0,index=8"),
			       argv),
			 0);
	assert_string_equal(built.machine.storage.drives[0]->id, "scsi1-hd1");
	assert_string_equal(built.machine.storage.drives[0]->adapter->dev->id, "a1");
	assert_int_equal(built.machine.storage.drives[0]->unit.target, 1);
	demolish(&built, argv);
	assert_refused(
		ARGS(OBJECT, "-device", "adapter,id=a0", "-drive", "if=scsi,file=IMAGE0,bus=1"),
		"-drive if=scsi,file=IMAGE0,bus=1: there is no adapter for bus 1: add "
		"-device lsi53c895a");
}

UNIT_TEST(unlocked_images_need_no_lock)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(image[0], O_RDWR | O_CLOEXEC);

	assert_int_equal(fcntl(fd, F_OFD_SETLK, &whole), 0);
	assert_targets(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive",
			    "id=d0,file=IMAGE0,file.locking=off", "-device", "scsi-hd,drive=d0"),
		       1);
	assert_targets(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive",
			    "id=d0,file=IMAGE0,read-only=on,force-share=on", "-device",
			    "scsi-hd,drive=d0"),
		       1);
	close(fd);
}

/* A file that the kernel lets nobody write, not even root. */
#define UNWRITABLE "/sys/kernel/uevent_seqnum"

UNIT_TEST(image_that_cannot_be_written_may_be_read)
{
	char *argv[MAX_ARGS];
	struct built built;

	assert_true(build(&built,
			  ARGS(OBJECT, "-device", "adapter,id=a0", "-drive",
			       "id=d0,file=" UNWRITABLE, "-device", "scsi-hd,drive=d0"),
			  argv) < 0);
	demolish(&built, argv);
	assert_int_equal(build(&built,
			       ARGS(OBJECT, "-device", "adapter,id=a0", "-drive",
				    "id=d0,file=" UNWRITABLE ",auto-read-only=on", "-device",
				    "scsi-hd,drive=d0"),
			       argv),
			 0);
	assert_true(mpr_blk_read_only(built.machine.storage.drives[0]->blk));
	demolish(&built, argv);
}

UNIT_TEST(long_ids_are_names_as_others)
{
	assert_targets(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive",
			    "id=drive-of-a-machine-with-many-disks-0-0-0-0,file=IMAGE0", "-device",
			    "scsi-hd,drive=drive-of-a-machine-with-many-disks-0-0-0-0"),
		       1);
	assert_refused(ARGS(OBJECT, "-device", "adapter,id=a0", "-blockdev",
			    "driver=file,node-name=node-of-a-machine-with-many-disks,filename="
			    "IMAGE0"),
		       "-blockdev driver=file,node-name=node-of-a-machine-with-many-disks,filename="
		       "IMAGE0: node-name must have 1 to 31 characters");
}

UNIT_TEST(drive_serves_one_disk)
{
	assert_refused(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive", "id=d0,file=IMAGE0",
			    "-device", "scsi-hd,drive=d0", "-device", "scsi-hd,drive=d0,lun=1"),
		       "-device scsi-hd,drive=d0,lun=1: drive \"d0\" is used by -device "
		       "scsi-hd,drive=d0");
}

UNIT_TEST(disk_needs_a_drive)
{
	assert_refused(ARGS(OBJECT, "-device", "adapter,id=a0", "-device", "scsi-hd,scsi-id=1"),
		       "-device scsi-hd,scsi-id=1: drive=ID is missing");
}

UNIT_TEST(taken_address_is_refused)
{
	assert_refused(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive", "id=d0,file=IMAGE0",
			    "-drive", "id=d1,file=IMAGE1", "-device", "scsi-hd,drive=d0,scsi-id=2",
			    "-device", "scsi-hd,drive=d1,scsi-id=2"),
		       "-device scsi-hd,drive=d1,scsi-id=2: scsi-id=2, lun=0 is taken");
}

UNIT_TEST(scsi_id_out_of_range_is_refused)
{
	assert_refused(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive", "id=d0,file=IMAGE0",
			    "-device", "scsi-hd,drive=d0,scsi-id=16"),
		       "-device scsi-hd,drive=d0,scsi-id=16: scsi-id=16 is not a number from 0 to "
		       "15");
	assert_refused(ARGS(OBJECT, "-device", "adapter,id=a0", "-drive", "id=d0,file=IMAGE0",
			    "-device", "scsi-hd,drive=d0,scsi-id=7"),
		       "-device scsi-hd,drive=d0,scsi-id=7: scsi-id=7 is the adapter's own");
}

UNIT_TEST(misspelt_property_names_the_right_one)
{
	assert_refused(
		ARGS(OBJECT, "-device", "adapter,id=a0", "-device", "scsi-hd,drive=d0,scsi_id=1"),
		"-device scsi-hd,drive=d0,scsi_id=1: no property \"scsi_id\" (did you mean "
		"\"scsi-id\"?)");
}

UNIT_TEST(read_only_drive_is_opened_for_reading)
{
	char *argv[MAX_ARGS];
	char drive[400];
	struct built built;

	snprintf(drive, sizeof(drive), "id=d0,file=%s,readonly=on", readonly_image);
	assert_int_equal(build(&built,
			       ARGS(OBJECT, "-device", "adapter,id=a0", "-drive", drive, "-device",
				    "scsi-hd,drive=d0"),
			       argv),
			 0);
	assert_true(mpr_blk_read_only(built.machine.storage.drives[0]->blk));
	demolish(&built, argv);
}

static void make_image(const char *path, mode_t mode)
{
	int fd = open(path, O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	close(fd);
}

static int make_images(void **state)
{
	const char *folder = getenv("TEST_TMPDIR") ? getenv("TEST_TMPDIR") : "/tmp";

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(image[i], sizeof(image[i]), "%s/disk_test.%d.%d", folder, (int)getpid(),
			 i);
		make_image(image[i], 0600);
	}
	snprintf(readonly_image, sizeof(readonly_image), "%s.ro", image[0]);
	make_image(readonly_image, 0400);
	return 0;
}

static int remove_images(void **state)
{
	(void)state;
	unlink(image[0]);
	unlink(image[1]);
	unlink(readonly_image);
	return 0;
}

int main(void)
{
	return unit_run(make_images, remove_images);
}
