/* SPDX-License-Identifier: MIT */
#include "tests/common/unit.h"

int main(void)
{
	return unit_run(NULL, NULL);
}
