/* SPDX-License-Identifier: MIT */
/*
 * Proves who runs a command of QEMU's that names a drive or a device, and what its outcome is, in a
 * machine with the remotes of rid 0 and 5. The test plays these and QEMU, and replaces mpring's own
 * commands.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "orchestrator/commands/routing.h"
#include "orchestrator/hotplug/plug.h"
#include "orchestrator/hotplug/unplug.h"
#include "orchestrator/vm/believe.h"
#include "orchestrator/vm/inventory.h"
#include "orchestrator/vm/vm_state.h"
#include "tests/common/unit.h"

static struct mpr_vm vm;
static struct mpr_commands commands;
static struct mpr_vm_remote remotes[2];
static GString *asked, *outcome, *disbelieved;

/* ---- The machine -------------------------------------------------------- */

struct question {
	mpr_qmp_reply_fn reply;
	mpr_vm_changed_fn done;
	void *opaque;
};

static GQueue questions = G_QUEUE_INIT;

void __wrap_mpr_qmp_execute(struct mpr_qmp *qmp, const char *command, struct json_object *arguments,
			    int fd, mpr_qmp_reply_fn reply, void *opaque);
void __wrap_mpr_disbelieve(struct mpr_vm_remote *remote, const char *what);
void __wrap_mpr_vm_unplug_drive(struct mpr_vm *machine, const struct mpr_vm_name *name,
				mpr_vm_changed_fn done, void *opaque);
void __wrap_mpr_vm_unplug_device(struct mpr_vm *machine, const struct mpr_vm_name *name,
				 mpr_vm_changed_fn done, void *opaque);
void __wrap_mpr_vm_plug(struct mpr_vm *machine, struct mpr_remote_option *option,
			mpr_vm_changed_fn done, void *opaque);

static struct mpr_qmp *connection(int number)
{
	static char peers[3];

	return (struct mpr_qmp *)&peers[number];
}

static const char *name_of(const struct mpr_qmp *qmp)
{
	if (qmp == connection(2))
		return "qemu";
	return qmp == connection(0) ? "rid0" : "rid5";
}

static void note(const struct question *question, const char *who, const char *what,
		 const char *how)
{
	g_string_append_printf(asked, "%s: %s %s\n", who, what, how);
	g_queue_push_tail(&questions, g_memdup2(question, sizeof(*question)));
}

static const char *text_of(struct json_object *arguments)
{
	return arguments
		       ? json_object_to_json_string_ext(
				 arguments, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
		       : "{}";
}

void __wrap_mpr_qmp_execute(struct mpr_qmp *qmp, const char *command, struct json_object *arguments,
			    int fd, mpr_qmp_reply_fn reply, void *opaque)
{
	assert_int_equal(fd, -1);
	note(&(struct question){.reply = reply, .opaque = opaque}, name_of(qmp), command,
	     text_of(arguments));
	json_object_put(arguments);
}

void __wrap_mpr_disbelieve(struct mpr_vm_remote *remote, const char *what)
{
	g_string_append_printf(disbelieved, "rid %d: %s\n", (int)remote->rid, what);
}

void __wrap_mpr_vm_unplug_drive(struct mpr_vm *machine, const struct mpr_vm_name *name,
				mpr_vm_changed_fn done, void *opaque)
{
	(void)machine;
	note(&(struct question){.done = done, .opaque = opaque}, "own", "rdrive_del", name->id);
}

void __wrap_mpr_vm_unplug_device(struct mpr_vm *machine, const struct mpr_vm_name *name,
				 mpr_vm_changed_fn done, void *opaque)
{
	(void)machine;
	note(&(struct question){.done = done, .opaque = opaque}, "own", "rdevice_del", name->id);
}

/* Records the text that messages will quote. */
void __wrap_mpr_vm_plug(struct mpr_vm *machine, struct mpr_remote_option *option,
			mpr_vm_changed_fn done, void *opaque)
{
	char *who = g_strdup_printf("plug %d", (int)option->rid);
	char *properties = mpr_opts_format(option->opts, "driver");

	(void)machine;
	note(&(struct question){.done = done, .opaque = opaque}, who, mpr_opts_text(option->opts),
	     properties);
	g_free(who);
	free(properties);
	mpr_remote_option_unref(option);
}

static void add_option(const char *text, bool device)
{
	struct mpr_remote_option *option;
	char *error;

	assert_int_equal(mpr_remote_option_parse("-r", text, device, &option, &error), 0);
	g_ptr_array_add(vm.options, option);
	assert_int_equal(mpr_remote_option_check(vm.options, vm.options->len - 1, &error), 0);
}

static int set_up(void **state)
{
	(void)state;
	vm = (struct mpr_vm){.qemu = connection(2), .change_ms = 1000000};
	commands = (struct mpr_commands){.vm = &vm, .patience_ms = 1000000};
	vm.options = g_ptr_array_new_with_free_func((GDestroyNotify)mpr_remote_option_unref);
	vm.remotes = g_ptr_array_new();
	for (int i = 0; i < 2; i++) {
		remotes[i] =
			(struct mpr_vm_remote){.vm = &vm, .rid = i ? 5 : 0, .qmp = connection(i)};
		g_ptr_array_add(vm.remotes, &remotes[i]);
	}
	add_option("lsi53c895a,id=lsi0,rid=0", true);
	add_option("id=d0,file=x,rid=0", false);
	add_option("scsi-hd,id=disk0,drive=d0,bus=lsi0.0,rid=0", true);
	add_option("lsi53c895a,id=lsi5,rid=5", true);
	add_option("id=d5,file=x,node-name=n5,rid=5", false);
	asked = g_string_new(NULL);
	outcome = g_string_new(NULL);
	disbelieved = g_string_new(NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_true(g_queue_is_empty(&questions));
	g_ptr_array_unref(vm.options);
	g_ptr_array_unref(vm.remotes);
	g_string_free(asked, TRUE);
	g_string_free(outcome, TRUE);
	assert_string_equal(disbelieved->str, "");
	g_string_free(disbelieved, TRUE);
	return 0;
}

#define with_vm(name) UNIT_TEST_WITH(name, set_up, tear_down)

/* ---- Commands ----------------------------------------------------------- */

static void on_outcome(void *opaque, const struct mpr_outcome *what)
{
	assert_ptr_equal(opaque, &vm);
	assert_string_equal(outcome->str, "");
	if (what->qemus)
		g_string_append(outcome, "qemu's");
	else if (what->error)
		g_string_append_printf(outcome, "%s: %s", what->class ? what->class : "error",
				       what->error);
	else if (what->text)
		g_string_append(outcome, what->text);
	else
		g_string_append(outcome, text_of(what->result));
}

static void hmp(const char *line)
{
	assert_true(mpr_routing_has_hmp(&vm, line));
	mpr_routing_run_hmp(&commands, line, on_outcome, &vm);
}

/* `what`: "name {arguments}". */
static bool qmp(const char *what, bool run)
{
	char *name = g_strndup(what, strcspn(what, " "));
	struct json_object *arguments =
		strchr(what, ' ') ? json_tokener_parse(strchr(what, ' ')) : NULL;
	bool routed = mpr_routing_has_qmp(&vm, name, arguments);

	if (run)
		mpr_routing_run_qmp(&commands, name, arguments, on_outcome, &vm);
	json_object_put(arguments);
	g_free(name);
	return routed;
}

static void assert_text(GString *text, const char *expected)
{
	assert_string_equal(text->str, expected);
	g_string_truncate(text, 0);
}

/* Answers the oldest question; NULL: the connection is lost. */
static void answer(const char *reply)
{
	struct question *question = g_queue_pop_head(&questions);
	struct json_object *object = reply ? json_tokener_parse(reply) : NULL;

	assert_non_null(question);
	assert_non_null(question->reply);
	question->reply(question->opaque, object);
	json_object_put(object);
	g_free(question);
}

static void end_own(const char *error)
{
	struct question *question = g_queue_pop_head(&questions);

	question->done(question->opaque, error);
	g_free(question);
}

#define UNKNOWN "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}}"
#define NOT_FOUND "{\"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"none\"}}"

static void assert_to(const char *who, const char *what)
{
	char *expected = g_strdup_printf("%s: %s\n", who, what);

	assert_true(qmp(what, true));
	assert_text(asked, expected);
	answer("{\"return\": {}}");
	assert_text(outcome, "{}");
	g_free(expected);
}

static void assert_line_to(const char *who, const char *line)
{
	char *expected =
		g_strdup_printf("%s: human-monitor-command {\"command-line\":\"%s\"}\n", who, line);

	hmp(line);
	assert_text(asked, expected);
	answer("{\"return\": \"well\\n\"}");
	assert_text(outcome, "well\n");
	g_free(expected);
}

/* ---- To the remote that has it ------------------------------------------ */

with_vm(commands_reach_the_remote_that_has_what_they_name)
{
	assert_to("rid0", "block_resize {\"device\":\"d0\",\"size\":1}");
	assert_to("rid5", "block_resize {\"node-name\":\"n5\",\"size\":1}");
	assert_to("rid5", "block_resize {\"device\":\"d5\",\"size\":1}");
	assert_to("rid0", "block_resize {\"node-name\":\"#block-d0\",\"size\":1}");
	assert_to("rid0", "block_set_io_throttle {\"id\":\"disk0\"}");
	assert_to("rid0", "qom-get {\"path\":\"disk0\",\"property\":\"type\"}");
	assert_to("rid0", "qom-list {\"path\":\"/machine/peripheral/disk0\"}");
	assert_line_to("rid0", "block_resize d0 32");
	assert_line_to("rid5", "info block -n -v n5");
	assert_line_to("rid0", "qom-get /machine/peripheral/disk0 lun");
	assert_line_to("rid0", "info qom-tree disk0");
}

with_vm(quotes_are_read_as_by_qemu)
{
	assert_true(mpr_routing_has_hmp(&vm, "  block_resize\t\"d\\0\"  32"));
	assert_true(mpr_routing_has_hmp(&vm, "eject -f d0"));
	assert_false(mpr_routing_has_hmp(&vm, "block_resize \"d0 32"));
	assert_false(mpr_routing_has_hmp(&vm, "block_resize"));
	assert_false(mpr_routing_has_hmp(&vm, "eject -f"));
	assert_false(mpr_routing_has_hmp(&vm, ""));
	assert_false(mpr_routing_has_hmp(&vm, "info"));
}

with_vm(errors_are_the_remotes)
{
	qmp("block_resize {\"device\":\"d0\",\"size\":0}", true);
	answer(NOT_FOUND);
	assert_text(outcome, "DeviceNotFound: none");
	qmp("qom-get {\"path\":\"disk0\"}", true);
	answer(NULL);
	assert_text(outcome, "error: the remote process of rid 0 has ended");
	g_string_truncate(asked, 0);
}

with_vm(what_the_remote_lacks_is_refused_by_name)
{
	static const struct {
		const char *command, *start;
	} cases[] = {
		{"eject {\"device\":\"d0\"}",
		 "error: eject: \"d0\" is in the remote process of rid "
		 "0, which has no such command: its disks have no "},
		{"blockdev-backup {\"device\":\"l0\",\"target\":\"n5\"}",
		 "error: blockdev-backup: \"n5\" is in the remote process of rid 5, which has no "
		 "such command: jobs and copies are for QEMU's own"},
		{"job-cancel {\"id\":\"d0\"}", "error: job-cancel: \"d0\" is in the remote"},
		{"block-stream {\"device\":\"l0\",\"job-id\":\"d0\"}",
		 "error: block-stream: \"d0\" is in the remote"},
		{"qom-set {\"path\":\"disk0\",\"property\":\"lun\",\"value\":1}",
		 "error: qom-set: \"disk0\" is in the remote process of rid 0, which has no such "
		 "command: properties are given"},
		{"snapshot-save {\"vmstate\":\"l0\",\"devices\":[\"l0\",\"n5\"]}",
		 "error: snapshot-save: \"n5\" is in"},
		{"transaction {\"actions\":[{\"type\":\"abort\",\"data\":{}},{\"type\":"
		 "\"blockdev-snapshot-sync\",\"data\":{\"device\":\"d0\"}}]}",
		 "error: transaction: \"d0\" is in"},
		{"block-dirty-bitmap-merge {\"node\":\"l0\",\"target\":\"b\",\"bitmaps\":[\"x\","
		 "{\"node\":\"n5\",\"name\":\"b\"}]}",
		 "error: block-dirty-bitmap-merge: \"n5\" is in"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		assert_true(qmp(cases[i].command, true));
		answer(UNKNOWN);
		assert_true(g_str_has_prefix(outcome->str, cases[i].start));
		g_string_truncate(outcome, 0);
	}
	hmp("snapshot_blkdev -n d0 x");
	answer("{\"return\": \"unknown command: 'snapshot_blkdev'\\n\"}");
	assert_true(g_str_has_prefix(outcome->str, "error: snapshot_blkdev: \"d0\" is in"));
}

with_vm(qemus_drives_are_not_named_as_remote_ones_nor_on_them)
{
	static const char *const cases[] = {
		"blockdev-add {\"driver\":\"null-co\",\"node-name\":\"d0\"}",
		"blockdev-add {\"driver\":\"raw\",\"file\":\"n5\"}",
		"blockdev-add {\"driver\":\"qcow2\",\"file\":{\"driver\":\"raw\",\"file\":\"n5\"}}",
		"blockdev-reopen {\"options\":[{\"driver\":\"raw\",\"file\":\"n5\"}]}",
		"device_add {\"driver\":\"virtio-blk\",\"drive\":\"l0\",\"id\":\"disk0\"}",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		assert_true(qmp(cases[i], true));
		assert_non_null(strstr(outcome->str, "is in the remote process of rid"));
		g_string_truncate(outcome, 0);
	}
	assert_false(qmp("blockdev-add {\"driver\":\"file\",\"filename\":\"d0\",\"node-name\":"
			 "\"l1\"}",
			 false));
	hmp("drive_add 0 if=none,id=d0,file=x");
	assert_non_null(strstr(outcome->str, "must have another name"));
	assert_text(asked, "");
}

/* ---- As mpring's own ---------------------------------------------------- */

with_vm(devices_and_drives_are_removed_as_by_mprings_commands)
{
	qmp("device_del {\"id\":\"disk0\"}", true);
	assert_text(asked, "own: rdevice_del disk0\n");
	end_own(NULL);
	assert_text(outcome, "{}");
	hmp("device_del /machine/peripheral/disk0");
	assert_text(asked, "own: rdevice_del disk0\n");
	end_own("busy");
	assert_text(outcome, "error: busy");
	hmp("drive_del d5");
	assert_text(asked, "own: rdrive_del d5\n");
	end_own(NULL);
	assert_text(outcome, "{}");
}

with_vm(a_device_for_a_remotes_drive_or_bus_is_added_there)
{
	qmp("device_add {\"driver\":\"scsi-hd\",\"id\":\"k\",\"drive\":\"d5\",\"lun\":1}", true);
	assert_text(asked,
		    "plug 5: device_add scsi-hd,id=k,drive=d5,lun=1 scsi-hd,id=k,drive=d5,lun=1\n");
	end_own("no");
	assert_text(outcome, "error: no");
	hmp("device_add scsi-hd,id=k,drive=x,bus=lsi0.0");
	assert_text(asked, "plug 0: device_add scsi-hd,id=k,drive=x,bus=lsi0.0 "
			   "scsi-hd,id=k,drive=x,bus=lsi0.0\n");
	end_own(NULL);
	assert_text(outcome, "{}");
	qmp("device_add {\"driver\":\"scsi-hd\",\"drive\":\"d5\",\"lun\":[]}", true);
	assert_text(outcome, "error: Parameter 'lun' cannot be used: it must be a string, a number "
			     "or a boolean");
}

/* ---- Answers about all -------------------------------------------------- */

with_vm(lists_are_qemus_and_all_remotes)
{
	qmp("query-block", true);
	assert_text(asked, "qemu: query-block {}\nrid0: query-block {}\nrid5: query-block {}\n");
	answer("{\"return\": [{\"device\": \"l0\"}]}");
	answer("{\"return\": [{\"device\": \"d0\"}]}");
	assert_string_equal(outcome->str, "");
	answer("{\"return\": [{\"device\": \"d5\"}]}");
	assert_text(outcome, "[{\"device\":\"l0\"},{\"device\":\"d0\"},{\"device\":\"d5\"}]");
	qmp("query-blockstats {\"query-nodes\":true}", true);
	assert_text(asked, "qemu: query-blockstats {\"query-nodes\":true}\n"
			   "rid0: query-blockstats {\"query-nodes\":true}\n"
			   "rid5: query-blockstats {\"query-nodes\":true}\n");
	answer("{\"return\": []}");
	answer(NULL);
	answer("{\"return\": [{\"node-name\": \"n5\"}]}");
	assert_text(outcome, "[{\"node-name\":\"n5\"}]");
	qmp("query-named-block-nodes {\"frob\":1}", true);
	answer("{\"error\": {\"class\": \"X\", \"desc\": \"no frob\"}}");
	answer("{\"return\": []}");
	answer("{\"return\": []}");
	assert_text(outcome, "X: no frob");
	g_string_truncate(asked, 0);
}

/* QEMU has the adapters as well, as proxies. */
with_vm(what_both_have_is_listed_once)
{
	qmp("qom-list {\"path\":\"/machine/peripheral\"}", true);
	answer("{\"return\": [{\"name\": \"type\"}, {\"name\": \"lsi0\"}]}");
	answer("{\"return\": [{\"name\": \"type\"}, {\"name\": \"lsi0\"}, {\"name\": \"disk0\"}]}");
	answer("{\"return\": [{\"name\": \"lsi5\"}]}");
	assert_text(outcome, "[{\"name\":\"type\"},{\"name\":\"lsi0\"},{\"name\":\"disk0\"},"
			     "{\"name\":\"lsi5\"}]");
	hmp("qom-list /machine/peripheral");
	answer("{\"return\": \"type (string)\\r\\nlsi0 (child<p>)\\r\\n\"}");
	answer("{\"return\": \"type (string)\\nlsi0 (child<l>)\\nlsi (child<k>)\\n\"}");
	answer("{\"return\": \"\"}");
	assert_text(outcome, "type (string)\r\nlsi0 (child<p>)\r\nlsi (child<k>)\n");
	g_string_truncate(asked, 0);
}

with_vm(texts_are_qemus_and_all_remotes)
{
	hmp("info block");
	answer("{\"return\": \"l0: x\\r\\n\"}");
	answer("{\"return\": \"d0: y\\n\"}");
	answer("{\"return\": \"unknown command: 'info block'\\n\"}");
	assert_text(outcome, "l0: x\r\n\nd0: y\n");
	hmp("info block -v");
	answer("{\"return\": \"\"}");
	answer("{\"return\": \"d0: y\\n\"}");
	answer("{\"return\": \"\"}");
	assert_text(outcome, "d0: y\n");
	hmp("info qtree");
	answer("{\"return\": \"bus\\r\\n\"}");
	answer("{\"return\": \"\"}");
	answer("{\"return\": \"bus 5\\n\"}");
	assert_text(outcome, "bus\r\nremote process of rid 5:\nbus 5\n");
	hmp("info blockstats");
	answer(NULL);
	answer("{\"return\": \"\"}");
	answer("{\"return\": \"\"}");
	assert_text(outcome, "error: it has ended, or hung up");
	g_string_truncate(asked, 0);
}

/* It has d0 and disk0, and is believed nothing else. */
with_vm(a_remote_is_believed_of_what_it_has)
{
	static const char *const cases[][2] = {
		{"query-block", "{\"device\": \"l0\"}"},
		{"query-block", "{\"device\": \"d5\"}"},
		{"query-block", "{\"device\": \"d0\", \"inserted\": {\"node-name\": \"n5\"}}"},
		{"query-block", "7"},
		{"query-block", "null"},
		{"query-named-block-nodes", "{\"node-name\": \"#block123\"}"},
		{"qom-list {\"path\":\"/machine/peripheral\"}", "{\"name\": \"lsi5\"}"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		char *reply = g_strdup_printf("{\"return\": [%s]}", cases[i][1]);

		qmp(cases[i][0], true);
		answer("{\"return\": []}");
		answer(reply);
		answer("{\"return\": {}}");
		assert_text(outcome, "[]");
		assert_true(g_str_has_prefix(disbelieved->str, "rid 0: q"));
		g_string_truncate(disbelieved, 0);
		g_free(reply);
	}
	hmp("info block");
	answer("{\"return\": \"\"}");
	answer("{\"return\": \"d0\\u001b[2J\\tx\\u009b\\n\"}");
	answer("{\"return\": \"\"}");
	assert_text(outcome, "d0?[2J\tx?\n");
	qmp("block_resize {\"device\":\"d0\"}", true);
	answer("{\"error\": {\"class\": \"Odd\", \"desc\": \"\\u001b[2J\"}}");
	assert_text(outcome, "error: ?[2J");
	g_string_truncate(asked, 0);
}

/* The timeout expires at once. */
with_vm(a_remote_that_hangs_is_left_out_until_it_answers)
{
	commands.patience_ms = 0;
	qmp("query-block", true);
	while (g_main_context_iteration(NULL, FALSE))
		;
	assert_text(outcome, ""); /* QEMU is waited for */
	answer("{\"return\": [{\"device\": \"l0\"}]}");
	assert_text(outcome, "[{\"device\":\"l0\"}]");
	g_string_truncate(asked, 0);
	qmp("query-block", true);
	assert_text(asked, "qemu: query-block {}\n");
	answer("{\"return\": [{\"device\": \"d0\"}]}"); /* of rid 0, late */
	answer(NULL);					/* of rid 5 */
	answer("{\"return\": []}");
	assert_text(outcome, "[]");
	commands.patience_ms = 1000000;
	qmp("query-block", true);
	assert_text(asked, "qemu: query-block {}\nrid0: query-block {}\nrid5: query-block {}\n");
	answer("{\"return\": []}");
	answer("{\"return\": [{\"device\": \"d0\"}]}");
	answer(NULL);
	assert_text(outcome, "[{\"device\":\"d0\"}]");
}

with_vm(a_driver_that_only_a_remote_has_is_described)
{
	qmp("device-list-properties {\"typename\":\"x\"}", true);
	answer(NOT_FOUND);
	answer(UNKNOWN);
	answer("{\"return\": [5]}");
	assert_text(outcome, "[5]");
	qmp("device-list-properties {\"typename\":\"x\"}", true);
	answer("{\"return\": [2]}");
	answer(NULL);
	answer("{\"return\": [5]}");
	assert_text(outcome, "[2]");
	qmp("device-list-properties {\"typename\":\"x\"}", true);
	answer(NOT_FOUND);
	answer(UNKNOWN);
	answer(NULL);
	assert_text(outcome, "DeviceNotFound: none");
	g_string_truncate(asked, 0);
}

/* ---- QEMU's ------------------------------------------------------------- */

with_vm(what_names_nothing_remote_is_qemus)
{
	static const char *const commands[] = {
		"block_resize {\"device\":\"l0\"}",
		"block_resize {\"device\":7}",
		"block_resize {\"size\":7}",
		"block_resize",
		"block_resize {\"device\":\"disk0\"}", /* names a disk, not a drive */
		"device_del {\"id\":\"lsi0\"}",
		"device_del {\"id\":\"d0\"}",
		"qom-list {\"path\":\"/machine/peripheral/lsi0\"}",
		"qom-list {\"path\":\"/machine\"}",
		"qom-get {\"path\":\"/machine/peripheral/\",\"property\":\"type\"}",
		"device_add {\"driver\":\"virtio-blk\",\"drive\":\"l0\",\"bus\":\"lsi9.0\"}",
		"job-cancel {\"id\":\"j0\"}",
		"query-status",
		"frob {\"device\":\"d0\"}",
	};
	static const char *const lines[] = {
		"info block l0", "device_del lsi0", "drive_del l0",
		"help",		 "frob d0",	    "qom-list /machine",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		assert_false(qmp(commands[i], false));
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
		assert_false(mpr_routing_has_hmp(&vm, lines[i]));
}

with_vm(without_remotes_all_is_qemus)
{
	g_ptr_array_set_size(vm.remotes, 0);
	assert_false(qmp("query-block", true));
	assert_text(outcome, "qemu's");
	assert_false(qmp("block_resize {\"device\":\"d0\"}", false));
	assert_false(mpr_routing_has_hmp(&vm, "info block"));
}
