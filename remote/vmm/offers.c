/* SPDX-License-Identifier: MIT */
#include "remote/vmm/offers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "opts/names.h"
#include "remote/process/inherited.h"

/* ---- The socket that stands alone --------------------------------------- */

static int offer_all(struct mpr_offers *offers, const char *text, char **error)
{
	struct mpr_endpoint *endpoint;
	int fd;
	int ret = mpr_inherited_socket(text, &fd, error);

	if (ret < 0)
		return ret;
	endpoint = mpr_endpoint_add(&offers->endpoints, fd, NULL);
	if (!endpoint)
		return -ENOMEM;
	endpoint->is_default = true;
	for (size_t i = 0; ret == 0 && i < offers->devices->count; i++)
		ret = mpr_hosted_list_add(&endpoint->offer, offers->devices->hosted[i]);
	return ret;
}

int mpr_offer_on_default(struct mpr_offers *offers, struct mpr_hosted *hosted)
{
	struct mpr_endpoint *endpoint = mpr_endpoint_default(&offers->endpoints);

	return endpoint ? mpr_hosted_list_add(&endpoint->offer, hosted) : 0;
}

/* ---- x-remote-object: what it names ------------------------------------- */

int mpr_offer_check(const struct mpr_opts *opts, char **error)
{
	static const char *const known[] = {"qom-type", "id", "devid", "fd", "path", NULL};
	const char *type = mpr_opts_get(opts, "qom-type");

	if (type && !strcmp(type, "x-remote-object"))
		return mpr_opts_check(opts, known, error);
	*error = mpr_errorf("%s: the only object here is x-remote-object", mpr_opts_text(opts));
	return -EINVAL;
}

static const char *device_name(size_t i, const void *opaque)
{
	const struct mpr_hosted_list *devices = opaque;

	return devices->hosted[i]->dev->id;
}

static int find_device(const struct mpr_hosted_list *devices, const struct mpr_opts *opts,
		       struct mpr_hosted **hosted, char **error)
{
	const char *id = mpr_opts_get(opts, "devid");
	char *names;

	if (!id) {
		*error = mpr_errorf("%s: devid=ID is missing", mpr_opts_text(opts));
		return -EINVAL;
	}
	*hosted = mpr_hosted_list_find(devices, id);
	if (*hosted)
		return 0;
	names = mpr_names(devices->count, device_name, devices);
	*error = mpr_errorf("%s: no PCI device \"%s\" (%s)", mpr_opts_text(opts), id,
			    names ? names : "");
	free(names);
	return -EINVAL;
}

/* By its number, or `passed`, when it has a name. */
static int get_fd(const struct mpr_opts *opts, int passed, int *fd, char **error)
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
		return get_fd(opts, passed, fd, error);
	if (!**path || strlen(*path) >= sizeof(address.sun_path)) {
		*error = mpr_errorf("%s: path must have 1 to %zu bytes", mpr_opts_text(opts),
				    sizeof(address.sun_path) - 1);
		return -EINVAL;
	}
	return 0;
}

/* The first `count` objects' option that offers a device, or NULL. */
static struct mpr_opts *offered_by(const struct mpr_option_list *objects, size_t count,
				   const char *devid)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(mpr_opts_get(objects->opts[i], "devid"), devid))
			return objects->opts[i];
	return NULL;
}

struct mpr_opts *mpr_offer_of(const struct mpr_offers *offers, const char *devid)
{
	return offered_by(offers->objects, offers->objects->count, devid);
}

/* ---- x-remote-object: what it does -------------------------------------- */

static int offer_at(struct mpr_endpoints *endpoints, int fd, const char *path,
		    struct mpr_hosted *hosted, struct mpr_endpoint **endpoint)
{
	*endpoint = mpr_endpoint_find(endpoints, fd, path);
	if (!*endpoint)
		*endpoint = mpr_endpoint_add(endpoints, fd, path);
	return *endpoint ? mpr_hosted_list_add(&(*endpoint)->offer, hosted) : -ENOMEM;
}

/* `before`: the objects that came before. *endpoint: where it is offered. */
static int offer(struct mpr_offers *offers, const struct mpr_opts *opts, size_t before, int passed,
		 struct mpr_endpoint **endpoint, char **error)
{
	const struct mpr_opts *other = NULL;
	struct mpr_hosted *hosted = NULL;
	const char *path = NULL;
	int fd = -1;
	int ret = mpr_offer_check(opts, error);

	if (ret == 0)
		ret = find_device(offers->devices, opts, &hosted, error);
	if (ret == 0)
		other = offered_by(offers->objects, before, mpr_opts_get(opts, "devid"));
	if (other) {
		*error = mpr_errorf("%s: device \"%s\" is offered by %s", mpr_opts_text(opts),
				    mpr_opts_get(opts, "devid"), mpr_opts_text(other));
		ret = -EINVAL;
	}
	if (ret == 0)
		ret = get_socket(opts, passed, &fd, &path, error);
	return ret == 0 ? offer_at(&offers->endpoints, fd, path, hosted, endpoint) : ret;
}

static int check_no_default(const struct mpr_offers *offers, const struct mpr_opts *opts,
			    char **error)
{
	const struct mpr_endpoint *endpoint = mpr_endpoint_default(&offers->endpoints);

	if (!endpoint)
		return 0;
	*error = mpr_errorf("%s: every device is offered on file descriptor %d",
			    mpr_opts_text(opts), endpoint->fd);
	return -EINVAL;
}

/* An inherited descriptor is the only kind without close-on-exec, until an endpoint takes
 * it. One socket may offer several devices. */
static int check_fd(const struct mpr_offers *offers, const struct mpr_opts *opts, char **error)
{
	const char *fd = mpr_opts_get(opts, "fd");
	int flags = fd ? fcntl(atoi(fd), F_GETFD) : 0;

	if (flags < 0 || !(flags & FD_CLOEXEC) ||
	    mpr_endpoint_find(&offers->endpoints, atoi(fd), NULL))
		return 0;
	*error = mpr_errorf("%s: file descriptor %s was not inherited", mpr_opts_text(opts), fd);
	return -EINVAL;
}

static int open_endpoint(struct mpr_endpoints *endpoints, struct mpr_endpoint *endpoint,
			 char **error)
{
	int ret;

	if (endpoint->offer.count > 1)
		return 0; /* it is open */
	ret = endpoints->doors.open(endpoints->doors.opaque, endpoint, error);
	if (ret < 0)
		mpr_endpoint_free(endpoints, endpoint);
	return ret;
}

int mpr_offer_object(struct mpr_offers *offers, const struct mpr_opts *opts, int passed,
		     char **error)
{
	struct mpr_endpoint *endpoint;
	int ret = check_no_default(offers, opts, error);

	if (ret == 0 && passed < 0)
		ret = check_fd(offers, opts, error);
	if (ret == 0)
		ret = offer(offers, opts, offers->objects->count, passed, &endpoint, error);
	return ret == 0 ? open_endpoint(&offers->endpoints, endpoint, error) : ret;
}

/* ---- The command line --------------------------------------------------- */

static int check_all_offered(const struct mpr_offers *offers, char **error)
{
	for (size_t i = 0; i < offers->devices->count; i++) {
		const char *id = offers->devices->hosted[i]->dev->id;

		if (mpr_offer_of(offers, id))
			continue;
		*error = mpr_errorf("device \"%s\" is offered to nobody: give -object "
				    "x-remote-object,id=NAME,devid=%s,fd=N",
				    id, id);
		return -EINVAL;
	}
	return 0;
}

static int offer_objects(struct mpr_offers *offers, bool more_later, char **error)
{
	struct mpr_endpoint *endpoint;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < offers->objects->count; i++)
		ret = offer(offers, offers->objects->opts[i], i, -1, &endpoint, error);
	return ret < 0 || more_later ? ret : check_all_offered(offers, error);
}

int mpr_offers_build(struct mpr_offers *offers, const char *fd, bool more_later, char **error)
{
	if (fd && offers->objects->count) {
		*error = mpr_errorf("%s: a file descriptor that stands alone and -object exclude "
				    "each other",
				    fd);
		return -EINVAL;
	}
	if (fd)
		return offer_all(offers, fd, error);
	if (offers->objects->count || more_later)
		return offer_objects(offers, more_later, error);
	*error = mpr_errorf("nothing to serve: give a file descriptor number first, or -object "
			    "x-remote-object");
	return -EINVAL;
}
