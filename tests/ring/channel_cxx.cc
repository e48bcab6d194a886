/* SPDX-License-Identifier: MIT */
/* Proves that the header compiles alone, as C++. */
#include "ring/channel.h"
