/* SPDX-License-Identifier: MIT */
/*
 * A device model as a shared object, which mpring-remote loads with -plugin FILE:
 *
 *	#include "dev/plugin.h"
 *	...
 *	MPR_DEVICE_PLUGIN(&filler_ops);
 *
 *	cc -fPIC -shared -o filler.so filler.c $(pkg-config --cflags mpring-device)
 *
 * It needs no symbol of the program: what it calls is inline or a function of struct
 * mpr_host_ops. It is code of the process: it runs with its rights, under its -sandbox.
 *
 * The binary interface is what this header and those that it includes declare. Within
 * one MPR_DEVICE_ABI, struct mpr_device_ops and struct mpr_host_ops may grow at their
 * ends, and nothing else changes. So a program takes plug-ins that were compiled with
 * headers as old as itself or older, and refuses newer ones, which may count on what
 * it does not have.
 */
#ifndef MPR_DEV_PLUGIN_H
#define MPR_DEV_PLUGIN_H

#include "dev/device.h"

#define MPR_DEVICE_ABI 1u

/* What the file exports. Its first member is there in any ABI. */
struct mpr_plugin {
	uint32_t abi; /* MPR_DEVICE_ABI */
	/* Of the structures, as the plug-in was compiled. */
	uint32_t device_size, ops_size, host_ops_size;
	const struct mpr_device_ops *const *models; /* ended by NULL */
};

#ifdef __cplusplus
extern "C"
#else
extern
#endif
	__attribute__((visibility("default"))) const struct mpr_plugin mpr_device_plugin;

/* Defines it, for one or more models. */
#define MPR_DEVICE_PLUGIN(...)                                                               \
	static const struct mpr_device_ops *const mpr_plugin_models[] = {__VA_ARGS__, NULL}; \
	const struct mpr_plugin mpr_device_plugin = {                                        \
		MPR_DEVICE_ABI,                                                              \
		(uint32_t)sizeof(struct mpr_device),                                         \
		(uint32_t)sizeof(struct mpr_device_ops),                                     \
		(uint32_t)sizeof(struct mpr_host_ops),                                       \
		mpr_plugin_models,                                                           \
	}

#endif
