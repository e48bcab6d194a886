#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Runs QEMU with two LSI adapters that live in one remote process and share one
socket."""

import sys

import launcher

arguments = launcher.parse(__doc__, images=2)
sys.exit(launcher.run(arguments, [arguments.adapters]))
