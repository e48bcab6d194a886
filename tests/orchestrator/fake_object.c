/* SPDX-License-Identifier: MIT */
/* An object to be preloaded that does nothing. */
extern int mpr_fake_object;
int mpr_fake_object;
