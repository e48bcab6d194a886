/* SPDX-License-Identifier: MIT */
/* Something that can be preloaded and does nothing. */
extern int mpr_fake_object;
int mpr_fake_object;
