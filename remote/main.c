/* SPDX-License-Identifier: MIT */
#include "dev/lsi53c895a/lsi53c895a.h"
#include "dev/scsi/disk/scsi_hd.h"
#include "remote/remote.h"

/* Those that the program is built with. */
static const struct mpr_model *const models[] = {
	&mpr_lsi53c895a_ops.model,
	&mpr_scsi_hd_ops.model,
	NULL,
};

int main(int argc, char **argv)
{
	return mpr_remote_main(argc, argv, models);
}
