/* SPDX-License-Identifier: MIT */
/* Proves that the header compiles alone, as C11 without extensions. */
#include "ring/channel.h"
