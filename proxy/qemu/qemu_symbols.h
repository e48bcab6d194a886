/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The symbols that the shim uses of QEMU and of QEMU's GLib. All are weak, so that the
 * object loads into any process: with LD_PRELOAD it also gets into the shells and launchers
 * between the user and QEMU, which have none of these, and which may bind all functions
 * when they start (LD_BIND_NOW). tests/proxy/preload_test.sh finds those missing here.
 */
#ifndef MPR_PROXY_QEMU_QEMU_SYMBOLS_H
#define MPR_PROXY_QEMU_QEMU_SYMBOLS_H

#include "hw/core/cpu.h"

/* A process without these is not a QEMU that can have the device. */
#define QEMU_IDENTIFYING_SYMBOLS(X) \
	X(pci_register_bar)         \
	X(qapi_free_VersionInfo)    \
	X(qmp_query_version)        \
	X(type_register_static)

#define QEMU_SYMBOLS(X)                          \
	X(add_boot_device_path)                  \
	X(address_space_map)                     \
	X(address_space_unmap)                   \
	X(check_boot_index)                      \
	X(del_boot_device_path)                  \
	X(device_class_set_props)                \
	X(error_free)                            \
	X(error_get_pretty)                      \
	X(error_propagate)                       \
	X(error_report)                          \
	X(error_setg_errno_internal)             \
	X(error_setg_internal)                   \
	X(event_notifier_cleanup)                \
	X(event_notifier_get_fd)                 \
	X(event_notifier_init)                   \
	X(get_system_memory)                     \
	X(kvm_allowed)                           \
	X(kvm_irqchip_add_irqfd_notifier_gsi)    \
	X(kvm_irqchip_remove_irqfd_notifier_gsi) \
	X(kvm_irqfds_allowed)                    \
	X(kvm_resamplefds_allowed)               \
	X(kvm_split_irqchip)                     \
	X(kvm_state)                             \
	X(memory_listener_register)              \
	X(memory_listener_unregister)            \
	X(memory_region_init_io)                 \
	X(memory_region_init_ram_from_fd)        \
	X(memory_region_is_ram_device)           \
	X(memory_region_owner)                   \
	X(migrate_add_blocker)                   \
	X(migrate_del_blocker)                   \
	X(monitor_cur)                           \
	X(monitor_fd_param)                      \
	X(mttcg_enabled)                         \
	X(object_class_dynamic_cast_assert)      \
	X(object_class_property_add_bool)        \
	X(object_class_property_add_str)         \
	X(object_class_property_set_description) \
	X(object_dynamic_cast)                   \
	X(object_dynamic_cast_assert)            \
	X(object_get_canonical_path_component)   \
	X(object_get_class)                      \
	X(object_property_get_link)              \
	X(object_type_get_instance_size)         \
	X(pci_default_write_config)              \
	X(pci_device_iommu_address_space)        \
	X(pci_device_route_intx_to_irq)          \
	X(pci_device_set_intx_routing_notifier)  \
	X(pci_irq_disabled)                      \
	X(pci_set_irq)                           \
	X(qdev_get_machine)                      \
	X(qdev_prop_string)                      \
	X(qdev_prop_uint32)                      \
	X(qemu_get_cpu)                          \
	X(qemu_in_coroutine)                     \
	X(qemu_in_vcpu_thread)                   \
	X(qemu_mutex_iothread_locked)            \
	X(qemu_mutex_lock_iothread_impl)         \
	X(qemu_mutex_unlock_iothread)            \
	X(qemu_ram_is_shared)                    \
	X(qemu_register_shutdown_notifier)       \
	X(qemu_set_fd_handler)                   \
	X(ram_block_discard_disable)             \
	X(shutdown_action)                       \
	X(tcg_allowed)                           \
	X(use_icount)                            \
	X(use_rt_clock)                          \
	X(vm_stop)                               \
	X(warn_report)                           \
	X(warn_report_once_cond)

/* A QEMU that was configured without plugins lacks them. */
#define QEMU_PLUGIN_SYMBOLS(X)                    \
	X(qemu_plugin_insn_data)                  \
	X(qemu_plugin_insn_size)                  \
	X(qemu_plugin_load_list)                  \
	X(qemu_plugin_opt_parse)                  \
	X(qemu_plugin_register_vcpu_insn_exec_cb) \
	X(qemu_plugin_register_vcpu_tb_trans_cb)  \
	X(qemu_plugin_tb_get_insn)                \
	X(qemu_plugin_tb_n_insns)

#define GLIB_SYMBOLS(X)           \
	X(g_array_append_vals)    \
	X(g_array_free)           \
	X(g_array_new)            \
	X(g_array_set_size)       \
	X(g_free)                 \
	X(g_strdup_printf)        \
	X(g_strfreev)             \
	X(g_string_append_printf) \
	X(g_string_free)          \
	X(g_string_new)           \
	X(g_strjoinv)             \
	X(g_strsplit)             \
	X(g_strsplit_set)

/* By the assembler, as the compiler would need a declaration of each; except a thread-local
 * one, which must be declared as such everywhere. */
#pragma weak current_cpu
#define MAKE_WEAK(symbol) __asm__(".weak " #symbol);

QEMU_IDENTIFYING_SYMBOLS(MAKE_WEAK)
QEMU_SYMBOLS(MAKE_WEAK)
QEMU_PLUGIN_SYMBOLS(MAKE_WEAK)
GLIB_SYMBOLS(MAKE_WEAK)

#undef MAKE_WEAK

#endif
