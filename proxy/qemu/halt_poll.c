/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Halt polling under TCG, as KVM has of its own: a vCPU that waits for a device's
 * interrupt polls the line for a while before it halts, and takes the interrupt itself.
 * So neither QEMU's main loop nor the vCPU's thread has to be woken.
 *
 * This needs no change of QEMU: the shim is also a TCG plugin, called before each HLT and
 * MWAIT of the guest.
 *
 * A vCPU polls only if it was the last to write to the device, and did so while the line
 * was low: then it may have started something. One vCPU polls at a time; for how long
 * adapts to success (ring/window.h).
 */
/* The headers are configured without plugins; install() asks the running QEMU whether it
 * has them. The fields of CPUState used here precede those that this changes. */
#define CONFIG_PLUGIN 1

#include "proxy/qemu/pci_proxy_dev.h"

#include <dlfcn.h>
#include <sched.h>

#include "hw/core/cpu.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/plugin.h"
#include "qemu/qemu-plugin.h"
#include "sysemu/cpu-timers.h"
#include "sysemu/tcg.h"

#define LOOKS 16 /* at the line between two readings of the clock */

/* Guards the list while a vCPU polls. The list is changed under the big lock and this
 * one, taken in that order. */
static pthread_mutex_t looking = PTHREAD_MUTEX_INITIALIZER;
static QLIST_HEAD(, PCIProxyDev) watched = QLIST_HEAD_INITIALIZER(watched);
static bool installed;

/* ---- Expecting an interrupt ---------------------------------------------- */

void proxy_halt_poll_expect(PCIProxyDev *dev)
{
	if (dev->poll.listed && !dev->intx.level)
		/* Relaxed: only the vCPU that is named compares equal, and it wrote it. */
		qatomic_set(&dev->poll.by, current_cpu);
}

/* Adapts the window to the last poll, if it was in vain. */
static void learn(PCIProxyDev *dev)
{
	ProxyHaltPoll *poll = &dev->poll;
	int64_t rose = qatomic_read(&dev->intx.rose);

	if (poll->since)
		mpr_window_learn(&poll->window,
				 rose > poll->since ? (uint64_t)(rose - poll->since) : UINT64_MAX);
	poll->since = 0;
}

static bool expects(PCIProxyDev *dev, CPUState *cpu)
{
	return qatomic_read(&dev->poll.by) == cpu;
}

/* How long to poll: the longest window of the devices that this vCPU wrote to. 0: not at
 * all. */
static uint64_t longest_window(CPUState *cpu)
{
	uint64_t longest = 0;
	PCIProxyDev *dev;

	QLIST_FOREACH(dev, &watched, poll.link)
	{
		if (!expects(dev, cpu))
			continue;
		learn(dev);
		if (dev->poll.window.ns > longest)
			longest = dev->poll.window.ns;
	}
	return longest;
}

/* ---- Looking ------------------------------------------------------------- */

/* Whether the guest has not seen this level yet. */
static bool is_news(PCIProxyDev *dev, bool level)
{
	return level && !qatomic_read(&dev->intx.level);
}

static bool any_has_risen(void)
{
	PCIProxyDev *dev;

	QLIST_FOREACH(dev, &watched, poll.link)
	{
		if (is_news(dev, mpr_proxy_intx(dev->remote)))
			return true;
	}
	return false;
}

/* Another interrupt, the monitor or another vCPU needs this one. */
static bool wanted(const CPUState *cpu)
{
	return qatomic_read(&cpu->interrupt_request) || qatomic_read(&cpu->exit_request);
}

static void begin(void)
{
	PCIProxyDev *dev;

	QLIST_FOREACH(dev, &watched, poll.link)
	{
		mpr_proxy_intx_look(dev->remote);
	}
}

/* True: a line has risen. */
static bool end(void)
{
	PCIProxyDev *dev;
	bool risen = false;

	QLIST_FOREACH(dev, &watched, poll.link)
	{
		risen |= is_news(dev, mpr_proxy_intx_arm(dev->remote, false));
	}
	return risen;
}

/* This vCPU does not poll again before its next write. */
static void give_up(CPUState *cpu, int64_t start)
{
	PCIProxyDev *dev;

	QLIST_FOREACH(dev, &watched, poll.link)
	{
		if (!expects(dev, cpu))
			continue;
		dev->poll.since = start;
		qatomic_set(&dev->poll.by, NULL);
	}
}

/* True: a line has risen. */
static bool look(CPUState *cpu, uint64_t window)
{
	int64_t start = get_clock();

	begin();
	do {
		for (unsigned i = 0; i < LOOKS; i++) {
			if (any_has_risen())
				return true;
			if (wanted(cpu))
				return end();
			cpu_relax();
		}
	} while ((uint64_t)(get_clock() - start) < window);
	give_up(cpu, start);
	return end();
}

/* Under the big lock the list needs no other. */
static void take_interrupts(void)
{
	PCIProxyDev *dev;

	qemu_mutex_lock_iothread();
	QLIST_FOREACH(dev, &watched, poll.link)
	{
		proxy_intx_look(dev);
	}
	qemu_mutex_unlock_iothread();
}

/* The vCPU is about to halt. */
static void before_halt(unsigned index, void *opaque G_GNUC_UNUSED)
{
	CPUState *cpu = qemu_get_cpu(index);
	bool risen = false;
	uint64_t window;

	if (pthread_mutex_trylock(&looking))
		return;
	window = longest_window(cpu);
	if (window)
		risen = look(cpu, window);
	pthread_mutex_unlock(&looking);
	if (risen)
		take_interrupts();
}

/* ---- The plugin ---------------------------------------------------------- */

static bool halts(const struct qemu_plugin_insn *insn)
{
	static const uint8_t hlt[] = {0xf4}, mwait[] = {0x0f, 0x01, 0xc9};
	size_t size = qemu_plugin_insn_size(insn);
	const void *code = qemu_plugin_insn_data(insn);

	return (size == sizeof(hlt) && !memcmp(code, hlt, size)) ||
	       (size == sizeof(mwait) && !memcmp(code, mwait, size));
}

static void on_translation(qemu_plugin_id_t id G_GNUC_UNUSED, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	/* An instruction that halts ends its block. */
	struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, n - 1);

	if (halts(last))
		qemu_plugin_register_vcpu_insn_exec_cb(last, before_halt, QEMU_PLUGIN_CB_NO_REGS,
						       NULL);
}

void proxy_halt_poll_install(uint64_t plugin)
{
	installed = true;
	qemu_plugin_register_vcpu_tb_trans_cb(plugin, on_translation);
}

/* Loads this shared object, which was preloaded, as a TCG plugin, too. */
static bool install(void)
{
	QemuPluginList plugins = QTAILQ_HEAD_INITIALIZER(plugins);
	Dl_info self;
	g_auto(GStrv) parts = NULL;
	g_autofree char *path = NULL;

	if (installed)
		return true;
	if (!dlsym(RTLD_DEFAULT, "qemu_plugin_load_list") || !dladdr(&watched, &self))
		return false;
	/* Commas are doubled in options. */
	parts = g_strsplit(self.dli_fname, ",", -1);
	path = g_strjoinv(",,", parts);
	qemu_plugin_opt_parse(path, &plugins);
	return qemu_plugin_load_list(&plugins, NULL) == 0 && installed;
}

/* ---- Life ---------------------------------------------------------------- */

/* vCPUs that share a thread must not block each other, and with -icount nothing may
 * depend on the host's clock. */
static bool useful(void)
{
	return tcg_enabled() && qemu_tcg_mttcg_enabled() && !icount_enabled();
}

void proxy_halt_poll_open(PCIProxyDev *dev)
{
	if (!dev->poll_us || dev->intx.mode != INTX_HANDLER || !useful() || !install())
		return;
	dev->poll.window = mpr_window_of(dev->poll_us);
	pthread_mutex_lock(&looking);
	QLIST_INSERT_HEAD(&watched, dev, poll.link);
	dev->poll.listed = true;
	pthread_mutex_unlock(&looking);
}

void proxy_halt_poll_close(PCIProxyDev *dev)
{
	if (!dev->poll.listed)
		return;
	pthread_mutex_lock(&looking);
	QLIST_REMOVE(dev, poll.link);
	dev->poll.listed = false;
	pthread_mutex_unlock(&looking);
}
