/* SPDX-License-Identifier: MIT */
/*
 * What -device makes: a model, by the name of its driver, and the properties that
 * users give it. The host parses and checks them before the model sees them, and
 * prints them for -device DRIVER,help.
 */
#ifndef MPR_DEV_MODEL_H
#define MPR_DEV_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mpr_property_type {
	MPR_PROPERTY_BOOL,   /* on or off: value.flag */
	MPR_PROPERTY_UINT,   /* from min to max: value.number */
	MPR_PROPERTY_SIZE,   /* bytes from min to max, users may write 4k: value.number */
	MPR_PROPERTY_STRING, /* value.text */
	MPR_PROPERTY_CHOICE  /* one of `choices`: value.number is its index */
};

/* A value that was checked. `text` is valid during the call that gets it. */
union mpr_value {
	bool flag;
	uint64_t number;
	const char *text;
};

struct mpr_property {
	const char *name;
	enum mpr_property_type type;
	const char *description;
	/* What it is when users say nothing, as they would write it; NULL: it is not set. */
	const char *value;
	uint64_t min, max;	    /* max 0: UINT64_MAX */
	const char *const *choices; /* ended by NULL */
	/* All NULL or false for most. */
	const char *type_name; /* for help: "uint16"; NULL: that of the type */
	const char *why;       /* why there is no other choice */
	bool is_address;       /* says where on its bus the device is */
};

/* Buses that a model can sit on. */
#define MPR_BUS_PCI "PCI"
#define MPR_BUS_SCSI "SCSI"

struct mpr_model {
	const char *driver; /* "lsi53c895a"; letters, digits, "-", "." and "_" */
	const char *desc;   /* one line for -device help */
	const char *bus;    /* MPR_BUS_PCI */
	/* Bytes of the state that the host allocates for each instance, zeroed. That of a
	 * PCI device begins with a struct mpr_device. */
	size_t size;
	/* Ended by one without a name. NULL: none but those that all models of the bus have. */
	const struct mpr_property *properties;
	/*
	 * Takes the value of properties[property]. Called before anything else for those
	 * that users set or that have a value by default, in the order of the array. 0 or
	 * negative errno, which refuses the device. NULL when there are no properties.
	 */
	int (*set)(void *state, unsigned property, union mpr_value value);
};

#endif
