/* SPDX-License-Identifier: MIT */
/* INQUIRY of scsi-hd: standard data and vital product data (SPC-3, 6.4 and 7.6). */
#include <string.h>

#include "dev/scsi/bytes.h"
#include "dev/scsi/disk/disk_lu.h"

#define EVPD 0x01

/* Standard data. Firmware asks for 96 bytes and takes less for an error. */
#define STANDARD_LENGTH 96
#define RMB 0x80
#define HISUP_FORMAT_2 0x12
#define SYNC_CMDQUE 0x12

/* VPD pages. */
#define VPD_HEADER 4
#define VPD_MAX 512
#define VPD_PAGES 0x00
#define VPD_SERIAL 0x80
#define VPD_IDENTIFICATION 0x83
#define VPD_BLOCK_LIMITS 0xB0
#define VPD_CHARACTERISTICS 0xB1
#define VPD_PROVISIONING 0xB2
#define SBC_PAGE_LENGTH 0x3C

/* Designators (SPC-3, 7.6.3). */
#define CODE_SET_BINARY 1
#define CODE_SET_ASCII 2
#define TYPE_VENDOR_SPECIFIC 0
#define TYPE_NAA 3
#define TYPE_RELATIVE_PORT 4
#define ASSOCIATION_PORT 0x10
#define PIV 0x80
#define PROTOCOL_SAS 0x60 /* QEMU's, whatever the bus */

/* A page: fills in what follows the header, returns its length. */
struct vpd_page {
	uint8_t code;
	size_t (*fill)(const struct scsi_disk *disk, uint8_t *out);
};

static size_t fill_pages(const struct scsi_disk *disk, uint8_t *out);

static size_t fill_serial(const struct scsi_disk *disk, uint8_t *out)
{
	size_t len = strlen(disk->serial);

	memcpy(out, disk->serial, len);
	return len;
}

static uint8_t *put_designator(uint8_t *out, uint8_t code_set, uint8_t type, const void *value,
			       size_t len)
{
	out[0] = code_set;
	out[1] = type;
	out[3] = (uint8_t)len;
	memcpy(out + 4, value, len);
	return out + 4 + len;
}

static uint8_t *put_naa(uint8_t *out, uint8_t code_set, uint8_t type, uint64_t naa)
{
	uint8_t value[8];

	scsi_put64(value, naa);
	return put_designator(out, code_set, type, value, sizeof(value));
}

static uint8_t *put_relative_port(uint8_t *out, uint16_t port)
{
	uint8_t value[4] = {0};

	scsi_put16(value + 2, port);
	return put_designator(out, PROTOCOL_SAS | CODE_SET_BINARY,
			      PIV | ASSOCIATION_PORT | TYPE_RELATIVE_PORT, value, sizeof(value));
}

/* Which designators there are, their form and their order are QEMU's: from them
 * udev makes the names under /dev/disk/by-id, which guests boot from. */
static size_t fill_identification(const struct scsi_disk *disk, uint8_t *out)
{
	uint8_t *end = out;

	if (disk->device_id[0])
		end = put_designator(end, CODE_SET_ASCII, TYPE_VENDOR_SPECIFIC, disk->device_id,
				     strlen(disk->device_id));
	if (disk->wwn)
		end = put_naa(end, CODE_SET_BINARY, TYPE_NAA, disk->wwn);
	if (disk->port_wwn)
		end = put_naa(end, PROTOCOL_SAS | CODE_SET_BINARY,
			      PIV | ASSOCIATION_PORT | TYPE_NAA, disk->port_wwn);
	if (disk->port_index)
		end = put_relative_port(end, disk->port_index);
	return (size_t)(end - out);
}

static size_t fill_block_limits(const struct scsi_disk *disk, uint8_t *out)
{
	uint32_t max = disk->max_io_blocks < UINT32_MAX ? disk->max_io_blocks : 0;

	out[5 - VPD_HEADER] = (uint8_t)scsi_disk_compare_and_write_blocks(disk);
	scsi_put16(out + 6 - VPD_HEADER, disk->min_io_blocks);
	scsi_put32(out + 8 - VPD_HEADER, max);
	scsi_put32(out + 12 - VPD_HEADER, disk->opt_io_blocks);
	if (!disk->thin)
		return SBC_PAGE_LENGTH;
	scsi_put32(out + 20 - VPD_HEADER, disk->max_unmap_blocks);
	scsi_put32(out + 24 - VPD_HEADER, SCSI_UNMAP_DESCRIPTORS);
	scsi_put32(out + 28 - VPD_HEADER, disk->unmap_granularity);
	return SBC_PAGE_LENGTH;
}

#define LBPU 0x80 /* UNMAP */
#define THIN 0x02

static size_t fill_characteristics(const struct scsi_disk *disk, uint8_t *out)
{
	scsi_put16(out, disk->rotation_rate);
	return SBC_PAGE_LENGTH;
}

/* Fully provisioned, or thin and with UNMAP. There is no WRITE SAME. */
static size_t fill_provisioning(const struct scsi_disk *disk, uint8_t *out)
{
	if (disk->thin) {
		out[5 - VPD_HEADER] = LBPU;
		out[6 - VPD_HEADER] = THIN;
	}
	return 4;
}

static const struct vpd_page pages[] = {
	{VPD_PAGES, fill_pages},
	{VPD_SERIAL, fill_serial},
	{VPD_IDENTIFICATION, fill_identification},
	{VPD_BLOCK_LIMITS, fill_block_limits},
	{VPD_CHARACTERISTICS, fill_characteristics},
	{VPD_PROVISIONING, fill_provisioning},
};

#define NPAGES (sizeof(pages) / sizeof(pages[0]))

static bool has_page(const struct scsi_disk *disk, uint8_t code)
{
	return code != VPD_SERIAL || disk->has_serial;
}

static size_t fill_pages(const struct scsi_disk *disk, uint8_t *out)
{
	size_t len = 0;

	for (size_t i = 0; i < NPAGES; i++) {
		if (has_page(disk, pages[i].code))
			out[len++] = pages[i].code;
	}
	return len;
}

static const struct vpd_page *find_page(const struct scsi_disk *disk, uint8_t code)
{
	for (size_t i = 0; i < NPAGES; i++) {
		if (pages[i].code == code && has_page(disk, code))
			return &pages[i];
	}
	return NULL;
}

static void reply_page(struct scsi_task *t)
{
	const struct scsi_disk *disk = scsi_disk_of(t);
	const struct vpd_page *page = find_page(disk, t->cdb[2]);
	uint8_t out[VPD_MAX] = {0};

	if (!page) {
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	size_t len = page->fill(disk, out + VPD_HEADER);

	out[1] = page->code;
	scsi_put16(out + 2, (uint32_t)len);
	scsi_task_reply(t, out, VPD_HEADER + len);
}

static void reply_standard(struct scsi_task *t)
{
	static const uint16_t versions[] = {0x0060 /* SAM-3 */, 0x0300 /* SPC-3 */,
					    0x04C0 /* SBC-3 */};
	const struct scsi_disk *disk = scsi_disk_of(t);
	uint8_t out[STANDARD_LENGTH] = {0};

	out[1] = disk->removable ? RMB : 0;
	out[2] = disk->version;
	out[3] = HISUP_FORMAT_2;
	out[4] = STANDARD_LENGTH - 5;
	out[7] = SYNC_CMDQUE;
	memcpy(out + 8, disk->vendor, SCSI_VENDOR_LENGTH);
	memcpy(out + 16, disk->product, SCSI_PRODUCT_LENGTH);
	memcpy(out + 32, disk->revision, SCSI_REVISION_LENGTH);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		scsi_put16(out + 58 + 2 * i, versions[i]);
	scsi_task_reply(t, out, sizeof(out));
}

void scsi_disk_inquiry(struct scsi_task *t)
{
	if (t->cdb[1] & EVPD)
		reply_page(t);
	else if (t->cdb[2])
		scsi_task_check(t, SENSE_INVALID_FIELD_IN_CDB);
	else
		reply_standard(t);
}
