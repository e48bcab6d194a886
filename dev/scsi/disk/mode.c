/* SPDX-License-Identifier: MIT */
/* MODE SENSE and MODE SELECT of scsi-hd (SPC-3, 6.7 to 6.10 and 7.4; SBC-3, 6.4). */
#include <string.h>

#include "dev/scsi/bytes.h"
#include "dev/scsi/disk/disk_lu.h"

/* CDBs */
#define PAGE_CODE 0x3F
#define PAGE_CONTROL_SHIFT 6
#define PC_CURRENT 0
#define PC_CHANGEABLE 1
#define PC_DEFAULT 2
#define PC_SAVED 3
#define ALL_PAGES 0x3F
#define ALL_SUBPAGES 0xFF
#define DBD 0x08
#define PF 0x10
#define SP 0x01

/* Parameter lists */
#define HEADER_6 4
#define HEADER_10 8
#define SHORT_DESCRIPTOR 8
#define LONG_DESCRIPTOR 16
#define LLBAA 0x10   /* CDB, byte 1: long descriptors are accepted */
#define LONGLBA 0x01 /* header of 10 bytes, byte 4: they are long */
#define WP 0x80
#define DPOFUA 0x10
#define SPF 0x40 /* in a page's first byte: subpage format */
#define MAX_LIST 256

/* Geometry for initiators that still want one: any that covers the medium. */
#define MAX_CYLINDERS 16383
#define ROTATIONS_PER_MINUTE 5400

#define WCE 0x04		     /* caching page, byte 2 */
#define SWP 0x08		     /* control page, byte 4 */
#define AWRE 0x80		     /* error recovery page, byte 2 */
#define HSEC 0x40		     /* format page, byte 20: hard sectors */
#define DEXCPT 0x08		     /* informational exceptions page, byte 2 */
#define UNRESTRICTED_REORDERING 0x10 /* control page, byte 3 */

struct mode_page {
	uint8_t code;
	uint8_t length; /* of what follows the two bytes of header */
	/* Fills in the values, or the mask of those that can be changed (NULL:
	 * none). `page` is zeroed and begins with the header. */
	void (*values)(const struct scsi_disk *disk, const struct scsi_mode *mode, uint8_t *page);
	void (*changeable)(const struct scsi_disk *disk, uint8_t *page);
	void (*apply)(struct scsi_mode *mode, const uint8_t *page);
};

/* ---- Pages ------------------------------------------------------------ */

static void error_recovery(const struct scsi_disk *disk, const struct scsi_mode *mode, uint8_t *p)
{
	(void)disk;
	(void)mode;
	p[2] = AWRE;
}

static void format_device(const struct scsi_disk *disk, const struct scsi_mode *mode, uint8_t *p)
{
	(void)mode;
	scsi_put16(p + 10, disk->secs);
	scsi_put16(p + 12, disk->lu.block_size);
	p[20] = HSEC;
}

static void rigid_geometry(const struct scsi_disk *disk, const struct scsi_mode *mode, uint8_t *p)
{
	uint64_t cylinders = disk->blocks / (disk->heads * disk->secs);

	(void)mode;
	if (cylinders == 0)
		cylinders = 1;
	if (cylinders > MAX_CYLINDERS)
		cylinders = MAX_CYLINDERS;
	scsi_put24(p + 2, disk->cyls ? disk->cyls : (uint32_t)cylinders);
	p[5] = disk->heads;
	scsi_put16(p + 20, ROTATIONS_PER_MINUTE);
}

static void caching(const struct scsi_disk *disk, const struct scsi_mode *mode, uint8_t *p)
{
	(void)disk;
	p[2] = mode->wce ? WCE : 0;
}

static void caching_changeable(const struct scsi_disk *disk, uint8_t *p)
{
	p[2] = mpr_blk_write_cache(disk->blk) ? WCE : 0;
}

static void caching_apply(struct scsi_mode *mode, const uint8_t *p)
{
	mode->wce = p[2] & WCE;
}

static void control(const struct scsi_disk *disk, const struct scsi_mode *mode, uint8_t *p)
{
	(void)disk;
	p[3] = UNRESTRICTED_REORDERING;
	p[4] = mode->swp ? SWP : 0;
	scsi_put16(p + 8, UINT16_MAX); /* busy timeout: unlimited */
}

static void control_changeable(const struct scsi_disk *disk, uint8_t *p)
{
	(void)disk;
	p[4] = SWP;
}

static void control_apply(struct scsi_mode *mode, const uint8_t *p)
{
	mode->swp = p[4] & SWP;
}

static void exceptions(const struct scsi_disk *disk, const struct scsi_mode *mode, uint8_t *p)
{
	(void)disk;
	(void)mode;
	p[2] = DEXCPT;
}

static const struct mode_page pages[] = {
	{0x01, 0x0A, error_recovery, NULL, NULL},
	{0x03, 0x16, format_device, NULL, NULL},
	{0x04, 0x16, rigid_geometry, NULL, NULL},
	{0x08, 0x12, caching, caching_changeable, caching_apply},
	{0x0A, 0x0A, control, control_changeable, control_apply},
	{0x1C, 0x0A, exceptions, NULL, NULL},
};

#define NPAGES (sizeof(pages) / sizeof(pages[0]))

static const struct mode_page *find_page(uint8_t code)
{
	for (size_t i = 0; i < NPAGES; i++) {
		if (pages[i].code == code)
			return &pages[i];
	}
	return NULL;
}

static size_t page_size(const struct mode_page *page)
{
	return 2u + page->length;
}

static size_t put_page(const struct scsi_disk *disk, const struct mode_page *page,
		       const struct scsi_mode *mode, unsigned pc, uint8_t *out)
{
	out[0] = page->code;
	out[1] = page->length;
	if (pc != PC_CHANGEABLE)
		page->values(disk, mode, out);
	else if (page->changeable)
		page->changeable(disk, out);
	return page_size(page);
}

struct scsi_mode scsi_disk_default_mode(const struct scsi_disk *disk)
{
	return (struct scsi_mode){.wce = disk->default_wce && mpr_blk_write_cache(disk->blk)};
}

bool scsi_disk_write_protected(const struct scsi_disk *disk, struct scsi_sense *why)
{
	*why = mpr_blk_read_only(disk->blk) ? SENSE_WRITE_PROTECTED
					    : SENSE_SOFTWARE_WRITE_PROTECTED;
	return mpr_blk_read_only(disk->blk) || disk->mode.swp;
}

/* ---- MODE SENSE ------------------------------------------------------- */

/* A number of blocks that does not fit its four bytes is reported as their maximum. */
static size_t put_short_descriptor(const struct scsi_disk *disk, uint8_t *out)
{
	scsi_put32(out, disk->blocks < UINT32_MAX ? (uint32_t)disk->blocks : UINT32_MAX);
	scsi_put24(out + 5, disk->lu.block_size);
	return SHORT_DESCRIPTOR;
}

static size_t put_long_descriptor(const struct scsi_disk *disk, uint8_t *out)
{
	scsi_put64(out, disk->blocks);
	scsi_put32(out + 12, disk->lu.block_size);
	return LONG_DESCRIPTOR;
}

static uint8_t device_specific(const struct scsi_disk *disk)
{
	struct scsi_sense why;

	return (disk->lu.no_dpofua ? 0 : DPOFUA) | (scsi_disk_write_protected(disk, &why) ? WP : 0);
}

static void put_header(struct scsi_task *t, uint8_t *out, size_t len, size_t descriptors)
{
	uint8_t flags = device_specific(scsi_disk_of(t));

	if (t->cdb[0] == SCSI_MODE_SENSE_6) {
		out[0] = (uint8_t)(len - 1);
		out[2] = flags;
		out[3] = (uint8_t)descriptors;
	} else {
		scsi_put16(out, (uint32_t)(len - 2));
		out[3] = flags;
		out[4] = descriptors == LONG_DESCRIPTOR ? LONGLBA : 0;
		scsi_put16(out + 6, (uint32_t)descriptors);
	}
}

static bool sense_page_exists(uint8_t code, uint8_t subpage)
{
	if (code == ALL_PAGES)
		return subpage == 0 || subpage == ALL_SUBPAGES;
	return find_page(code) && subpage == 0;
}

static size_t put_pages(const struct scsi_disk *disk, uint8_t code, unsigned pc, uint8_t *out)
{
	struct scsi_mode mode = pc == PC_DEFAULT ? scsi_disk_default_mode(disk) : disk->mode;
	size_t len = 0;

	for (size_t i = 0; i < NPAGES; i++) {
		if (code == ALL_PAGES || code == pages[i].code)
			len += put_page(disk, &pages[i], &mode, pc, out + len);
	}
	return len;
}

void scsi_disk_mode_sense(struct scsi_task *t)
{
	const struct scsi_disk *disk = scsi_disk_of(t);
	uint8_t code = t->cdb[2] & PAGE_CODE;
	unsigned pc = t->cdb[2] >> PAGE_CONTROL_SHIFT;
	uint8_t out[MAX_LIST] = {0};
	size_t header = t->cdb[0] == SCSI_MODE_SENSE_6 ? HEADER_6 : HEADER_10;
	size_t descriptors = 0;

	if (!sense_page_exists(code, t->cdb[3])) {
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	if (pc == PC_SAVED) {
		scsi_task_check(t, SENSE_SAVING_NOT_SUPPORTED);
		return;
	}
	if (!(t->cdb[1] & DBD))
		descriptors = t->cdb[1] & LLBAA ? put_long_descriptor(disk, out + header)
						: put_short_descriptor(disk, out + header);

	size_t len = header + descriptors;

	len += put_pages(disk, code, pc, out + len);
	put_header(t, out, len, descriptors);
	scsi_task_reply(t, out, len);
}

/* ---- MODE SELECT ------------------------------------------------------ */

/* What is left of a parameter list. */
struct rest {
	const uint8_t *p;
	size_t len;
};

static const uint8_t *take(struct rest *rest, size_t len)
{
	const uint8_t *p = rest->p;

	if (len > rest->len)
		return NULL;
	rest->p += len;
	rest->len -= len;
	return p;
}

/* The list's checks: true, or *why says what is wrong. */

/* The medium's size cannot be changed. Its own is accepted, and what stands for it: all
 * zeros, and all ones for the maximum (SBC-3, 6.4.2). */
static bool same_blocks(const uint8_t *wanted, const uint8_t *current, size_t len)
{
	static const uint8_t unchanged[8];
	static const uint8_t most[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

	return !memcmp(wanted, unchanged, len) || !memcmp(wanted, most, len) ||
	       !memcmp(wanted, current, len);
}

static bool same_medium(const struct scsi_disk *disk, const uint8_t *descriptor, bool long_lba)
{
	uint8_t current[LONG_DESCRIPTOR] = {0};
	size_t number = long_lba ? 8 : 4;
	size_t len =
		long_lba ? put_long_descriptor(disk, current) : put_short_descriptor(disk, current);

	return same_blocks(descriptor, current, number) &&
	       !memcmp(descriptor + number, current + number, len - number);
}

static bool select_descriptors(const struct scsi_disk *disk, struct rest *rest, size_t len,
			       bool long_lba, struct scsi_sense *why)
{
	const uint8_t *descriptor = take(rest, len);

	*why = SENSE_LIST_LENGTH;
	if (!descriptor)
		return false;
	*why = SENSE_INVALID_FIELD_IN_LIST;
	return len == 0 || (len == (long_lba ? LONG_DESCRIPTOR : SHORT_DESCRIPTOR) &&
			    same_medium(disk, descriptor, long_lba));
}

static bool select_header(const struct scsi_task *t, struct rest *rest, struct scsi_sense *why)
{
	bool six = t->cdb[0] == SCSI_MODE_SELECT_6;
	const uint8_t *header = take(rest, six ? HEADER_6 : HEADER_10);

	*why = SENSE_LIST_LENGTH;
	if (!header)
		return false;
	return select_descriptors(scsi_disk_of(t), rest, six ? header[3] : scsi_get16(header + 6),
				  !six && header[4] & LONGLBA, why);
}

static bool only_changeable(const struct scsi_disk *disk, const struct mode_page *page,
			    const uint8_t *wanted)
{
	uint8_t current[MAX_LIST] = {0}, mask[MAX_LIST] = {0};

	put_page(disk, page, &disk->mode, PC_CURRENT, current);
	put_page(disk, page, &disk->mode, PC_CHANGEABLE, mask);
	for (size_t i = 2; i < page_size(page); i++) {
		if ((wanted[i] ^ current[i]) & ~mask[i])
			return false;
	}
	return true;
}

static bool select_page(const struct scsi_disk *disk, struct rest *rest, struct scsi_mode *mode,
			struct scsi_sense *why)
{
	const struct mode_page *page;
	const uint8_t *wanted;

	*why = SENSE_INVALID_FIELD_IN_LIST;
	page = rest->p[0] & SPF ? NULL : find_page(rest->p[0] & PAGE_CODE);
	if (!page || (rest->len > 1 && rest->p[1] != page->length))
		return false;
	wanted = take(rest, page_size(page));
	if (!wanted) {
		*why = SENSE_LIST_LENGTH;
		return false;
	}
	if (!only_changeable(disk, page, wanted))
		return false;
	if (page->apply)
		page->apply(mode, wanted);
	return true;
}

static bool select_list(const struct scsi_task *t, const uint8_t *list, size_t len,
			struct scsi_mode *mode, struct scsi_sense *why)
{
	struct rest rest = {list, len};

	if (!select_header(t, &rest, why))
		return false;
	while (rest.len) {
		if (!select_page(scsi_disk_of(t), &rest, mode, why))
			return false;
	}
	return true;
}

/* The whole list takes effect, or nothing. Turning the write cache off flushes it. */
static void list_received(struct scsi_task *t, const uint8_t *list, size_t len)
{
	struct scsi_disk *disk = scsi_disk_of(t);
	struct scsi_mode mode = disk->mode;
	struct scsi_sense why;

	if (!select_list(t, list, len, &mode, &why)) {
		scsi_task_check(t, why);
		return;
	}
	bool cache_off = disk->mode.wce && !mode.wce;

	disk->mode = mode;
	if (cache_off)
		scsi_task_flush(t, disk->blk, scsi_task_good);
	else
		scsi_task_good(t);
}

void scsi_disk_mode_select(struct scsi_task *t)
{
	if (!(t->cdb[1] & PF) || t->cdb[1] & SP)
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
	else if (!t->pub.length)
		scsi_task_good(t);
	else
		scsi_task_receive(t, list_received);
}
