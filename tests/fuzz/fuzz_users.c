/* SPDX-License-Identifier: MIT */
/*
 * Whatever a user of mpring's monitors sends does no harm. QEMU gets only whole messages
 * of a user of QMP; and after the user's end everything is consumed and the connection
 * closed.
 *
 * The first byte chooses HMP or QMP, and the size of the pieces in which the rest is
 * sent. QEMU is played here: it answers each message.
 */
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orchestrator/monitor/lines.h"
#include "orchestrator/monitor/relay.h"
#include "orchestrator/monitor/scan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/orchestrator/fake_vm.h"

static int make_pair(int *theirs)
{
	int fds[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
	*theirs = fds[1];
	return fds[0];
}

/* ---- QEMU --------------------------------------------------------------- */

struct qemu {
	int sock;
	struct mpr_scan scan;
	GString *message;
};

/* As QEMU does, with the id of the request: mpring's own requests have one. */
static void answer(struct qemu *qemu)
{
	struct json_object *request = json_tokener_parse(qemu->message->str), *id = NULL;
	GString *reply = g_string_new("{\"return\": {}");

	json_object_object_get_ex(request, "id", &id);
	if (json_object_is_type(id, json_type_string) &&
	    g_str_has_prefix(json_object_get_string(id), "mpring-"))
		g_string_append_printf(reply, ", \"id\": \"%s\"", json_object_get_string(id));
	g_string_append(reply, "}\r\n");
	(void)!send(qemu->sock, reply->str, reply->len, MSG_NOSIGNAL);
	g_string_free(reply, TRUE);
	json_object_put(request);
}

static void take(struct qemu *qemu, const char *data, size_t len)
{
	while (len) {
		size_t taken;
		enum mpr_scanned scanned = mpr_scan(&qemu->scan, data, len, &taken);

		require(scanned != MPR_SCAN_BAD);
		g_string_append_len(qemu->message, data, (gssize)taken);
		data += taken;
		len -= taken;
		if (scanned != MPR_SCAN_WHOLE)
			continue;
		answer(qemu);
		g_string_truncate(qemu->message, 0);
	}
}

static bool run_qemu(struct qemu *qemu)
{
	char buf[4096];
	ssize_t n = qemu->sock < 0 ? -1 : recv(qemu->sock, buf, sizeof(buf), MSG_DONTWAIT);

	if (n > 0)
		take(qemu, buf, (size_t)n);
	return n > 0;
}

/* ---- The user ----------------------------------------------------------- */

static void on_finished(void *opaque)
{
	bool *finished = opaque;

	require(!*finished);
	*finished = true;
}

/* Until there is nothing left to do. */
static void run(struct qemu *qemu, int user)
{
	bool worked = true;

	while (worked) {
		char shown[65536];

		worked = g_main_context_iteration(NULL, FALSE);
		worked |= recv(user, shown, sizeof(shown), MSG_DONTWAIT) > 0;
		worked |= run_qemu(qemu);
		worked |= fake_vm_answer_all("{\"return\": \"\"}");
	}
}

static void converse(struct qemu *qemu, int user, const uint8_t *data, size_t size, size_t piece)
{
	while (size) {
		ssize_t n = send(user, data, piece < size ? piece : size, MSG_NOSIGNAL);

		require(n > 0);
		data += n;
		size -= (size_t)n;
		run(qemu, user);
	}
	(void)shutdown(user, SHUT_WR);
	run(qemu, user);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct qemu qemu = {.sock = -1};
	struct mpr_relay *relay = NULL;
	struct mpr_lines *lines = NULL;
	bool finished = false;
	int user, theirs, side;

	if (!size)
		return 0;
	user = make_pair(&theirs);
	qemu.message = g_string_new(NULL);
	if (data[0] & 1) {
		lines = mpr_lines_create(&fake_vm, theirs, theirs, on_finished, &finished);
	} else {
		qemu.sock = make_pair(&side);
		relay = mpr_relay_create(&fake_vm, theirs, theirs, side, false, on_finished,
					 &finished);
	}
	converse(&qemu, user, data + 1, size - 1, 1 + (data[0] >> 1) * 8u);
	require(finished);
	/* QEMU was not left with a part of a message. */
	require(!qemu.scan.begun);
	if (lines)
		mpr_lines_destroy(lines);
	if (relay)
		mpr_relay_destroy(relay);
	fake_vm_reset();
	g_string_free(qemu.message, TRUE);
	close(user);
	if (qemu.sock >= 0)
		close(qemu.sock);
	return 0;
}
