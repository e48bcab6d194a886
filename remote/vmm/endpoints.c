/* SPDX-License-Identifier: MIT */
#include "remote/vmm/endpoints.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "opts/names.h"
#include "remote/process/inherited.h"

static const char *device_name(size_t i, const void *opaque)
{
	const struct mpr_machine *machine = opaque;

	return machine->devices.hosted[i]->dev->id;
}

/* ---- Endpoints ---------------------------------------------------------- */

static bool same_socket(const struct mpr_endpoint *endpoint, int fd, const char *path)
{
	if (path)
		return endpoint->path && !strcmp(endpoint->path, path);
	return !endpoint->path && endpoint->fd == fd;
}

static struct mpr_endpoint *add_endpoint(struct mpr_machine *machine, int fd, const char *path)
{
	struct mpr_endpoint **endpoints = reallocarray(
		machine->endpoints, machine->endpoint_count + 1, sizeof(struct mpr_endpoint *));
	struct mpr_endpoint *endpoint = calloc(1, sizeof(*endpoint));

	if (endpoints)
		machine->endpoints = endpoints;
	if (!endpoints || !endpoint) {
		free(endpoint);
		return NULL;
	}
	endpoint->fd = fd;
	endpoint->path = path;
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	machine->endpoints[machine->endpoint_count++] = endpoint;
	return endpoint;
}

/* The endpoint of that socket, made when there is none. */
static struct mpr_endpoint *get_endpoint(struct mpr_machine *machine, int fd, const char *path)
{
	for (size_t i = 0; i < machine->endpoint_count; i++)
		if (same_socket(machine->endpoints[i], fd, path))
			return machine->endpoints[i];
	return add_endpoint(machine, fd, path);
}

bool mpr_endpoint_has_fd(const struct mpr_machine *machine, int fd)
{
	for (size_t i = 0; i < machine->endpoint_count; i++)
		if (same_socket(machine->endpoints[i], fd, NULL))
			return true;
	return false;
}

static int offer(struct mpr_machine *machine, int fd, const char *path, struct mpr_hosted *hosted)
{
	struct mpr_endpoint *endpoint = get_endpoint(machine, fd, path);

	return endpoint ? mpr_hosted_list_add(&endpoint->offer, hosted) : -ENOMEM;
}

struct mpr_endpoint *mpr_endpoint_default(const struct mpr_machine *machine)
{
	for (size_t i = 0; i < machine->endpoint_count; i++)
		if (machine->endpoints[i]->is_default)
			return machine->endpoints[i];
	return NULL;
}

int mpr_endpoint_offer_default(struct mpr_machine *machine, struct mpr_hosted *hosted)
{
	struct mpr_endpoint *endpoint = mpr_endpoint_default(machine);

	return endpoint ? mpr_hosted_list_add(&endpoint->offer, hosted) : 0;
}

struct mpr_endpoint *mpr_endpoint_of(const struct mpr_machine *machine,
				     const struct mpr_hosted *hosted)
{
	for (size_t i = 0; i < machine->endpoint_count; i++)
		for (size_t j = 0; j < machine->endpoints[i]->offer.count; j++)
			if (machine->endpoints[i]->offer.hosted[j] == hosted)
				return machine->endpoints[i];
	return NULL;
}

void mpr_endpoint_withdraw(struct mpr_endpoint *endpoint, const struct mpr_hosted *hosted)
{
	mpr_hosted_list_remove(&endpoint->offer, hosted);
}

void mpr_endpoint_free(struct mpr_machine *machine, struct mpr_endpoint *endpoint)
{
	size_t i = 0;

	while (machine->endpoints[i] != endpoint)
		i++;
	machine->endpoint_count--;
	memmove(&machine->endpoints[i], &machine->endpoints[i + 1],
		(machine->endpoint_count - i) * sizeof(*machine->endpoints));
	free(endpoint->offer.hosted);
	free(endpoint);
}

static int offer_all(struct mpr_machine *machine, const char *text, char **error)
{
	struct mpr_endpoint *endpoint;
	int fd;
	int ret = mpr_inherited_socket(text, &fd, error);

	if (ret < 0)
		return ret;
	endpoint = add_endpoint(machine, fd, NULL);
	if (!endpoint)
		return -ENOMEM;
	endpoint->is_default = true;
	for (size_t i = 0; ret == 0 && i < machine->devices.count; i++)
		ret = mpr_hosted_list_add(&endpoint->offer, machine->devices.hosted[i]);
	return ret;
}

/* ---- x-remote-object ---------------------------------------------------- */

int mpr_endpoint_check_object(const struct mpr_opts *opts, char **error)
{
	const char *type = mpr_opts_get(opts, "qom-type");

	if (type && !strcmp(type, "x-remote-object"))
		return mpr_opts_check(opts, mpr_object_properties, error);
	*error = mpr_errorf("%s: the only object here is x-remote-object", mpr_opts_text(opts));
	return -EINVAL;
}

static int find_device(const struct mpr_machine *machine, const struct mpr_opts *opts,
		       struct mpr_hosted **hosted, char **error)
{
	const char *id = mpr_opts_get(opts, "devid");
	char *names;

	if (!id) {
		*error = mpr_errorf("%s: devid=ID is missing", mpr_opts_text(opts));
		return -EINVAL;
	}
	*hosted = mpr_hosted_list_find(&machine->devices, id);
	if (*hosted)
		return 0;
	names = mpr_names(machine->devices.count, device_name, machine);
	*error = mpr_errorf("%s: no PCI device \"%s\" (%s)", mpr_opts_text(opts), id,
			    names ? names : "");
	free(names);
	return -EINVAL;
}

/* By its number, or `passed`, when it has a name. */
static int get_object_fd(const struct mpr_opts *opts, int passed, int *fd, char **error)
{
	char *why = NULL;
	int ret = passed < 0 ? mpr_inherited_socket(mpr_opts_get(opts, "fd"), fd, &why)
			     : mpr_inherited_check(passed, &why);

	if (passed >= 0)
		*fd = passed;
	if (ret < 0)
		*error = mpr_errorf("%s: %s", mpr_opts_text(opts), why ? why : strerror(-ret));
	free(why);
	return ret;
}

static int get_socket(const struct mpr_opts *opts, int passed, int *fd, const char **path,
		      char **error)
{
	bool given = mpr_opts_get(opts, "fd");
	struct sockaddr_un address;

	*fd = -1;
	*path = mpr_opts_get(opts, "path");
	if (given == (*path != NULL)) {
		*error = mpr_errorf("%s: give either fd=N or path=PATH", mpr_opts_text(opts));
		return -EINVAL;
	}
	if (given)
		return get_object_fd(opts, passed, fd, error);
	if (!**path || strlen(*path) >= sizeof(address.sun_path)) {
		*error = mpr_errorf("%s: path must have 1 to %zu bytes", mpr_opts_text(opts),
				    sizeof(address.sun_path) - 1);
		return -EINVAL;
	}
	return 0;
}

/* The first `count` objects' option that offers a device, or NULL. */
static const struct mpr_opts *offered_by(const struct mpr_machine *machine, size_t count,
					 const char *devid)
{
	const struct mpr_option_list *objects = &machine->cmdline->objects;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(mpr_opts_get(objects->opts[i], "devid"), devid))
			return objects->opts[i];
	return NULL;
}

/* `before`: the objects that came before. */
static int offer_object(struct mpr_machine *machine, const struct mpr_opts *opts, size_t before,
			int passed, char **error)
{
	const struct mpr_opts *other = NULL;
	const char *path = NULL;
	struct mpr_hosted *hosted = NULL;
	int fd = -1;
	int ret = mpr_endpoint_check_object(opts, error);

	if (ret == 0)
		ret = find_device(machine, opts, &hosted, error);
	if (ret == 0)
		other = offered_by(machine, before, mpr_opts_get(opts, "devid"));
	if (other) {
		*error = mpr_errorf("%s: device \"%s\" is offered by %s", mpr_opts_text(opts),
				    mpr_opts_get(opts, "devid"), mpr_opts_text(other));
		ret = -EINVAL;
	}
	if (ret == 0)
		ret = get_socket(opts, passed, &fd, &path, error);
	return ret == 0 ? offer(machine, fd, path, hosted) : ret;
}

int mpr_endpoint_offer_object(struct mpr_machine *machine, const struct mpr_opts *opts, int passed,
			      struct mpr_endpoint **endpoint, char **error)
{
	int ret = offer_object(machine, opts, machine->cmdline->objects.count, passed, error);

	if (ret == 0)
		*endpoint =
			mpr_endpoint_of(machine, mpr_hosted_list_find(&machine->devices,
								      mpr_opts_get(opts, "devid")));
	return ret;
}

static int check_all_offered(const struct mpr_machine *machine, char **error)
{
	for (size_t i = 0; i < machine->devices.count; i++) {
		const char *id = machine->devices.hosted[i]->dev->id;

		if (offered_by(machine, machine->cmdline->objects.count, id))
			continue;
		*error = mpr_errorf("device \"%s\" is offered to nobody: give -object "
				    "x-remote-object,id=NAME,devid=%s,fd=N",
				    id, id);
		return -EINVAL;
	}
	return 0;
}

static int offer_objects(struct mpr_machine *machine, char **error)
{
	const struct mpr_option_list *objects = &machine->cmdline->objects;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < objects->count; i++)
		ret = offer_object(machine, objects->opts[i], i, -1, error);
	/* What is offered to nobody can be offered by a monitor. */
	if (ret < 0 || mpr_cmdline_has_monitor(machine->cmdline))
		return ret;
	return check_all_offered(machine, error);
}

int mpr_endpoints_build(struct mpr_machine *machine, char **error)
{
	const struct mpr_cmdline *cmdline = machine->cmdline;

	if (cmdline->fd && cmdline->objects.count) {
		*error = mpr_errorf("%s: a file descriptor that stands alone and -object exclude "
				    "each other",
				    cmdline->fd);
		return -EINVAL;
	}
	if (cmdline->fd)
		return offer_all(machine, cmdline->fd, error);
	if (cmdline->objects.count || mpr_cmdline_has_monitor(cmdline))
		return offer_objects(machine, error);
	*error = mpr_errorf("nothing to serve: give a file descriptor number first, or -object "
			    "x-remote-object");
	return -EINVAL;
}
