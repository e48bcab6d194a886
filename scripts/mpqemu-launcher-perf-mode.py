#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: MIT
"""Runs QEMU with three LSI adapters, each in a remote process of its own."""

import sys

import launcher

arguments = launcher.parse(__doc__, images=3)
sys.exit(launcher.run(arguments, [[adapter] for adapter in arguments.adapters]))
