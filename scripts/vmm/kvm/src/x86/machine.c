/* SPDX-License-Identifier: MIT */
/* A PC: memory, the interrupt controllers and the timer in the kernel, CPUs that start as PVH's protocol has it. */
#include "pc.h"

#include <string.h>
#include <sys/ioctl.h>

#define CR0_PE	      0x1
#define CR0_ET	      0x10
#define FLAGS_ALWAYS  0x2
#define TYPE_CODE     0xb
#define TYPE_DATA     0x3
#define TYPE_TSS_BUSY 0xb

static uint8_t vga_memory[VGA_MEMORY_SIZE];

void irq_set(unsigned int irq, bool high)
{
	static bool is_high[16];
	struct kvm_irq_level line = { .irq = irq, .level = high };

	if (high == is_high[irq])
		return;
	is_high[irq] = high;
	IOCTL(vm_fd, KVM_IRQ_LINE, &line);
}

/* ISA's lines go to both controllers; that of the PIT to another pin of the I/O APIC. */
static void route_interrupts(void)
{
	union {
		struct kvm_irq_routing head;
		uint8_t room[sizeof(struct kvm_irq_routing) +
			     (16 + IO_APIC_PINS) * sizeof(struct kvm_irq_routing_entry)];
	} routing = { .room = { 0 } };
	struct kvm_irq_routing_entry *entry = routing.head.entries;

	for (uint32_t irq = 0; irq < IO_APIC_PINS; irq++) {
		if (irq == IO_APIC_PIN_OF_IRQ0)
			continue;
		if (irq < 16) {
			entry->gsi = irq;
			entry->type = KVM_IRQ_ROUTING_IRQCHIP;
			entry->u.irqchip.irqchip = irq < 8 ? KVM_IRQCHIP_PIC_MASTER
							   : KVM_IRQCHIP_PIC_SLAVE;
			entry->u.irqchip.pin = irq & 7;
			entry++;
		}
		entry->gsi = irq;
		entry->type = KVM_IRQ_ROUTING_IRQCHIP;
		entry->u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
		entry->u.irqchip.pin = irq ? irq : IO_APIC_PIN_OF_IRQ0;
		entry++;
	}
	routing.head.nr = (uint32_t)(entry - routing.head.entries);
	IOCTL(vm_fd, KVM_SET_GSI_ROUTING, &routing);
}

void arch_machine(void)
{
	uint64_t identity_map = IDENTITY_MAP;
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };

	if (options.memory < 2 * MiB)
		fail("%llu MiB of memory are too few", (unsigned long long)(options.memory / MiB));
	IOCTL(vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map);
	IOCTL(vm_fd, KVM_SET_TSS_ADDR, (void *)(uintptr_t)(IDENTITY_MAP + 4096));
	IOCTL(vm_fd, KVM_CREATE_IRQCHIP, NULL);
	route_interrupts();
	IOCTL(vm_fd, KVM_CREATE_PIT2, &pit);
	memory_add(0, LOW_MEMORY_END);
	memory_add(HIGH_BIOS,
		   (options.memory < MEMORY_HOLE ? options.memory : MEMORY_HOLE) - HIGH_BIOS);
	if (options.memory > MEMORY_HOLE)
		memory_add(4 * GiB, options.memory - MEMORY_HOLE);
	image_load(acpi_build());
	rtc_start();
}

void arch_ready(void)
{
}

unsigned long arch_vcpu_id(unsigned int number)
{
	return pc_apic_id(number);
}

void arch_vcpu(struct vcpu *vcpu)
{
	const struct kvm_segment code = { .limit = UINT32_MAX,
					  .selector = 8,
					  .type = TYPE_CODE,
					  .present = 1,
					  .db = 1,
					  .s = 1,
					  .g = 1 };
	const struct kvm_segment data = { .limit = UINT32_MAX,
					  .selector = 16,
					  .type = TYPE_DATA,
					  .present = 1,
					  .db = 1,
					  .s = 1,
					  .g = 1 };
	const struct kvm_segment tss = { .limit = 0x67, .type = TYPE_TSS_BUSY, .present = 1 };
	struct kvm_regs regs = { .rip = image_entry,
				 .rbx = image_start_info,
				 .rflags = FLAGS_ALWAYS };
	struct kvm_sregs sregs;

	cpuid_set(vcpu);
	if (vcpu->number)
		return; /* it waits for INIT and SIPI */
	IOCTL(vcpu->fd, KVM_GET_SREGS, &sregs);
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
	sregs.tr = tss;
	sregs.cr0 = CR0_PE | CR0_ET;
	IOCTL(vcpu->fd, KVM_SET_SREGS, &sregs);
	IOCTL(vcpu->fd, KVM_SET_REGS, &regs);
}

static const struct device *find_device(uint16_t port)
{
	for (unsigned int i = 0; i < device_count; i++)
		if (port >= devices_of_pc[i].base &&
		    port - devices_of_pc[i].base < devices_of_pc[i].ports)
			return &devices_of_pc[i];
	return NULL;
}

/* An access of several bytes to devices of one is so many accesses; what nobody answers reads as ones. */
static uint32_t port_read(uint16_t port, unsigned int size)
{
	const struct device *device = find_device(port);
	uint32_t value = 0;

	if (device && (size == 1 || device->wide))
		return device->read(port - device->base, size);
	if (size == 1)
		return 0xff;
	for (unsigned int i = 0; i < size; i++)
		value |= (port_read((uint16_t)(port + i), 1) & 0xff) << 8 * i;
	return value;
}

static void port_write(uint16_t port, unsigned int size, uint32_t value)
{
	const struct device *device = find_device(port);

	if (device && (size == 1 || device->wide)) {
		device->write(port - device->base, size, value);
		return;
	}
	for (unsigned int i = 0; size > 1 && i < size; i++)
		port_write((uint16_t)(port + i), 1, value >> 8 * i & 0xff);
}

static void exit_io(struct kvm_run *run)
{
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	unsigned int size = run->io.size;
	uint32_t value = 0;

	for (uint32_t i = 0; i < run->io.count; i++, data += size) {
		if (run->io.direction == KVM_EXIT_IO_OUT) {
			memcpy(&value, data, size);
			port_write(run->io.port, size, value);
		} else {
			value = port_read(run->io.port, size);
			memcpy(data, &value, size);
		}
	}
}

bool arch_exit(struct vcpu *vcpu)
{
	if (vcpu->run->exit_reason != KVM_EXIT_IO)
		return false;
	devices_lock();
	exit_io(vcpu->run);
	console_flush();
	devices_unlock();
	return true;
}

void arch_mmio(uint64_t address, void *data, unsigned int size, bool write)
{
	uint8_t *bytes = data;

	for (unsigned int i = 0; i < size; i++, address++) {
		bool vga = address >= VGA_MEMORY && address < VGA_MEMORY + VGA_MEMORY_SIZE;

		if (vga && write)
			vga_memory[address - VGA_MEMORY] = bytes[i];
		else if (!write)
			bytes[i] = vga ? vga_memory[address - VGA_MEMORY] : 0xff;
	}
}

uint64_t arch_where(struct vcpu *vcpu)
{
	struct kvm_regs regs;

	return ioctl(vcpu->fd, KVM_GET_REGS, &regs) ? 0 : regs.rip;
}

/* The bytes at the instruction pointer, as far as they are in memory. */
static void describe_code(struct vcpu *vcpu, uint64_t linear, FILE *out)
{
	fprintf(out, "code  ");
	for (unsigned int i = 0; i < 15; i++) {
		struct kvm_translation t = { .linear_address = linear + i };
		const uint8_t *byte;

		if (ioctl(vcpu->fd, KVM_TRANSLATE, &t) || !t.valid)
			break;
		byte = memory_at(t.physical_address, 1);
		if (!byte)
			break;
		fprintf(out, " %02x", *byte);
	}
	fprintf(out, "\n");
}

void arch_describe(struct vcpu *vcpu, FILE *out)
{
	struct kvm_regs r;
	struct kvm_sregs s;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &r) || ioctl(vcpu->fd, KVM_GET_SREGS, &s))
		return;
	fprintf(out, "rip %016llx rflags %llx cs %x base %llx cpl %u %s\n", r.rip, r.rflags,
		s.cs.selector, s.cs.base, s.ss.dpl,
		s.cs.l	  ? "64-bit"
		: s.cs.db ? "32-bit"
			  : "16-bit");
	describe_code(vcpu, s.cs.base + r.rip, out);
	fprintf(out, "rax %016llx rbx %016llx rcx %016llx rdx %016llx\n", r.rax, r.rbx, r.rcx,
		r.rdx);
	fprintf(out, "rsi %016llx rdi %016llx rbp %016llx rsp %016llx\n", r.rsi, r.rdi, r.rbp,
		r.rsp);
	fprintf(out, "r8  %016llx r9  %016llx r10 %016llx r11 %016llx\n", r.r8, r.r9, r.r10, r.r11);
	fprintf(out, "r12 %016llx r13 %016llx r14 %016llx r15 %016llx\n", r.r12, r.r13, r.r14,
		r.r15);
	fprintf(out, "cr0 %llx cr2 %llx cr3 %llx cr4 %llx cr8 %llx efer %llx\n", s.cr0, s.cr2,
		s.cr3, s.cr4, s.cr8, s.efer);
	fprintf(out, "gdt %llx:%x idt %llx:%x tr %x ldt %x\n", s.gdt.base, s.gdt.limit, s.idt.base,
		s.idt.limit, s.tr.selector, s.ldt.selector);
}
