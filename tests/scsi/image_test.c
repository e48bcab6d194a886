/* SPDX-License-Identifier: MIT */
/* scsi-hd on a real image: what is written through io_uring is what is read, and it is in the file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blk/blk.h"
#include "dev/scsi/disk/disk.h"
#include "tests/common/unit.h"

#define IMAGE_SIZE (4u << 20)
#define LENGTH (300u * 512) /* more than one chunk */

struct fixture {
	char path[4096];
	struct mpr_uring *ring;
	struct mpr_blk *blk;
	struct mpr_scsi_bus *bus;
	struct iovec sg; /* of the chunk that is being written */
	bool data, ended;
};

static void on_data(void *hba, struct mpr_scsi_task *task)
{
	struct fixture *f = hba;

	(void)task;
	f->data = true;
}

static void on_end(void *hba, struct mpr_scsi_task *task)
{
	struct fixture *f = hba;

	(void)task;
	f->ended = true;
}

static const struct mpr_scsi_hba_ops ops = {on_data, on_end, on_end};

static int create_image(struct fixture *f)
{
	const char *dir = getenv("TEST_TMPDIR");

	snprintf(f->path, sizeof(f->path), "%s/scsi-XXXXXX", dir ? dir : "/tmp");

	int fd = mkstemp(f->path);

	if (fd < 0 || ftruncate(fd, IMAGE_SIZE))
		return -1;
	return close(fd);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct mpr_blk_options image = {.file = f->path};
	struct mpr_scsi_disk_options disk = {.scsi_id = 2};
	char *error = NULL;

	*state = f;
	if (mpr_uring_create(16, &f->ring)) {
		f->ring = NULL; /* the tests skip */
		return 0;
	}
	return create_image(f) || mpr_blk_open(f->ring, &image, &f->blk, &error) ||
	       mpr_scsi_bus_create(&ops, f, &f->bus) ||
	       mpr_scsi_disk_create(f->bus, f->blk, &disk, &error);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->ring) {
		mpr_scsi_bus_destroy(f->bus);
		mpr_blk_close(f->blk);
		mpr_uring_destroy(f->ring);
		unlink(f->path);
	}
	free(f);
	return 0;
}

static void need_ring(const struct fixture *f)
{
	if (f->ring)
		return;
	printf("# io_uring is not available\n");
	skip();
}

/* Moves a chunk of data in from the task's buffer, or of data out in place. */
static void move(struct fixture *f, struct mpr_scsi_task *task, uint8_t *at)
{
	if (task->dir == MPR_SCSI_DATA_OUT) {
		f->sg = (struct iovec){at, task->chunk};
		mpr_scsi_task_data_done(task, &f->sg, 1);
		return;
	}
	if (task->buf)
		memcpy(at, task->buf, task->chunk);
	mpr_scsi_task_data_done(task, NULL, 0);
}

static uint8_t run(struct fixture *f, const uint8_t *cdb, size_t len, uint8_t *buffer, bool offer)
{
	struct mpr_scsi_task *task =
		mpr_scsi_task_new(f->bus, 2, 0, MPR_SCSI_UNTAGGED, MPR_SCSI_SIMPLE, cdb, len, NULL);
	struct iovec sg = {buffer, (size_t)task->length};
	uint8_t status;

	f->data = f->ended = false;
	mpr_scsi_task_start(task, offer ? &sg : NULL, offer);
	while (!f->ended) {
		if (f->data) {
			f->data = false;
			move(f, task, buffer + task->transferred);
		} else {
			assert_int_equal(mpr_uring_wait(f->ring, UINT64_MAX), 0);
			mpr_uring_reap(f->ring);
		}
	}
	status = task->status;
	mpr_scsi_task_free(task);
	return status;
}

static void take_unit_attention(struct fixture *f)
{
	static const uint8_t tur[6] = {0};

	assert_int_equal(run(f, tur, 6, NULL, false), MPR_SCSI_CHECK_CONDITION);
	assert_int_equal(run(f, tur, 6, NULL, false), MPR_SCSI_GOOD);
}

UNIT_TEST_WITH(written_blocks_are_read_back, setup, teardown)
{
	static const uint8_t write[] = {0x2A, 8, 0, 0, 0, 5, 0, 300 >> 8, 300 & 255, 0};
	static const uint8_t read[] = {0x28, 0, 0, 0, 0, 5, 0, 300 >> 8, 300 & 255, 0};
	struct fixture *f = *state;

	need_ring(f);

	uint8_t *out = malloc(LENGTH), *in = calloc(1, LENGTH);

	for (size_t i = 0; i < LENGTH; i++)
		out[i] = (uint8_t)(i * 3 + i / 512);
	take_unit_attention(f);
	assert_int_equal(run(f, write, sizeof(write), out, false), MPR_SCSI_GOOD);
	for (int offer = 0; offer < 2; offer++) {
		memset(in, 0, LENGTH);
		assert_int_equal(run(f, read, sizeof(read), in, offer), MPR_SCSI_GOOD);
		assert_memory_equal(in, out, LENGTH);
	}

	int fd = open(f->path, O_RDONLY);

	assert_int_equal(pread(fd, in, LENGTH, 5 * 512), LENGTH);
	assert_memory_equal(in, out, LENGTH);
	close(fd);
	free(in);
	free(out);
}

UNIT_TEST_WITH(synchronize_cache_and_verify_work, setup, teardown)
{
	static const uint8_t sync[10] = {0x35};
	static const uint8_t verify[] = {0x2F, 2, 0, 0, 0, 0, 0, 300 >> 8, 300 & 255, 0};
	struct fixture *f = *state;

	need_ring(f);

	uint8_t *zeros = calloc(1, LENGTH);

	take_unit_attention(f);
	assert_int_equal(run(f, sync, sizeof(sync), NULL, false), MPR_SCSI_GOOD);
	assert_int_equal(run(f, verify, sizeof(verify), zeros, false), MPR_SCSI_GOOD);
	zeros[LENGTH - 1] = 1;
	assert_int_equal(run(f, verify, sizeof(verify), zeros, false), MPR_SCSI_CHECK_CONDITION);
	free(zeros);
}
