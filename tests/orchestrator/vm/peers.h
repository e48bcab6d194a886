/* SPDX-License-Identifier: MIT */
/*
 * A virtual machine of which the test plays QEMU and the remote of rid 0, which has the adapter
 * scsi0 and on it disk0 with drive0.
 */
#ifndef TESTS_ORCHESTRATOR_VM_PEERS_H
#define TESTS_ORCHESTRATOR_VM_PEERS_H

#include <stdbool.h>

#include "orchestrator/commands/commands.h"
#include "orchestrator/family/family.h"
#include "orchestrator/vm/vm.h"

#define GREETING "{\"QMP\": {}}\r\n"
#define OK "{\"return\": {}}\r\n"
#define NO "{\"error\": {\"class\": \"GenericError\", \"desc\": \"that is refused\"}}\r\n"
#define DELETED(id)                                                      \
	"{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"" id "\"," \
	"\"path\":\"/machine/peripheral/" id "\"}}"
#define GONE(id) "{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"" id "\"}}\r\n"
#define COMMAND(name, arguments) "{\"execute\":\"" name "\",\"arguments\":{" arguments "}}"

/* Adding adapter scsi1 to the process of rid 0. */
#define ADD_SCSI1 "rdevice_add lsi53c895a,id=scsi1,rid=0,bus=pci.0,addr=6"
#define MODEL COMMAND("device_add", "\"driver\":\"lsi53c895a\",\"id\":\"scsi1\"")
#define GETFD COMMAND("getfd", "\"fdname\":\"mpring-0\"")
#define OBJECT                                                                            \
	COMMAND("object-add", "\"qom-type\":\"x-remote-object\",\"id\":\"mpring-scsi1\"," \
			      "\"devid\":\"scsi1\",\"fd\":\"mpring-0\"")
#define PROXY                                                                             \
	COMMAND("device_add", "\"driver\":\"pci-proxy-dev\",\"id\":\"scsi1\",\"socket\":" \
			      "\"mpring-0\",\"bus\":\"pci.0\",\"addr\":\"6\"")
#define CLOSEFD COMMAND("closefd", "\"fdname\":\"mpring-0\"")
#define UNMAKE COMMAND("device_del", "\"id\":\"scsi1\"")

/* The program of new remotes; by default a name, for tests that start none. */
extern const char *remote_program;

extern struct mpr_plan *plan;
extern struct mpr_family *family;
extern struct mpr_vm *vm;
extern struct mpr_commands commands; /* of it */
extern struct mpr_member *member;    /* of rid 0 */
extern int qemu, remote;	     /* the other sides of their monitors */
extern char outcome[4096];	     /* of the command: "", or what came of it */
extern char table[4096];	     /* of remote_proc_list, once listed() was called */
extern char events[1024];	     /* told to users */
extern unsigned events_told;

#define with_vm(name) UNIT_TEST_WITH(name, set_up, tear_down)
int set_up(void **state);
int tear_down(void **state);

/* Returns the machine's end of a socket; *peer: the test's. */
int connect_monitor(int *peer);
void greet(int peer);

/* Serves the main loop, once or until it is done. */
void run_loop(void);
void keep_on(bool (*done)(void));

void say(int peer, const char *text);

/* Checks that the peer was sent that command, and answers it. expect_fd: with a descriptor, which
 * is returned. */
void expect(int peer, const char *command, const char *answer);
int expect_fd(int peer, const char *command, const char *answer);
void expect_nothing(int peer);
bool hung_up(int fd);

/* Gives a command of mpring's: "rdrive_del 0 d0"; its name and arguments in JSON, or NULL. */
void hmp(const char *line);
void qmp(const char *name, const char *arguments);
void assert_outcome(const char *text);
void assert_error(const char *part);

/* What remote_proc_list lists, "ID ID ...". */
const char *listed(void);

#endif
