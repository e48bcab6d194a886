/* SPDX-License-Identifier: MIT */
/*
 * Base address registers, as device models declare them and as the control
 * protocol tells of them: the numbers are the protocol's.
 */
#ifndef MPR_PCI_BAR_H
#define MPR_PCI_BAR_H

#define MPR_PCI_NUM_BARS 6

enum mpr_bar_kind {
	MPR_BAR_NONE = 0,  /* the function does not have it: its register reads 0 */
	MPR_BAR_IO = 1,	   /* I/O space */
	MPR_BAR_MEM32 = 2, /* 32-bit memory space, not prefetchable */
	/* The same, but bytes that keep what is written and have no other effect:
	 * they lie in a file of their own, which a VMM can map into its guest. */
	MPR_BAR_RAM32 = 3
};

#define MPR_BAR_RAM_MIN 4096u /* bytes of such a BAR */
#define MPR_BAR_RAM_MAX (16u << 20)

#endif
