/* SPDX-License-Identifier: MIT */
/* Proves, by compiling, that the public headers are C++, too. */
#include "proxy/proxy.h"
#include "proxy/mpqemu.h"
#include "wire/mpqemu.h"
#include "wire/patience.h"
#include "wire/protocol.h"
#include "wire/wire.h"
