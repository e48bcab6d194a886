/* SPDX-License-Identifier: MIT */
#include "remote/remote.h"

int main(int argc, char **argv)
{
	return mpr_remote_main(argc, argv, mpr_device_models);
}
