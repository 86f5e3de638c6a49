/* SPDX-License-Identifier: MIT */
/* A machine as Linux's Documentation/arch/arm64/booting.rst wants one: the GIC and the timers are in the kernel. */
#include "virt.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREE_ROOM	(2 * MiB) /* the image is after the tree */
#define ELF_MACHINE_ARM 40

#define CORE_REG(name) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(name))
#define MPIDR_EL1 ARM64_SYS_REG(3, 0, 0, 0, 5)

struct machine machine;

static int gic_fd, its_fd;
static uint64_t entry;

uint64_t cpu_affinity(unsigned int number)
{
	return (number & 0xf) | (uint64_t)(number >> 4) << 8;
}

unsigned long arch_vcpu_id(unsigned int number)
{
	return number;
}

void spi_set(unsigned int spi, bool high)
{
	static bool is_high[GIC_INTERRUPTS];
	struct kvm_irq_level line = { .irq = KVM_ARM_IRQ_TYPE_SPI << KVM_ARM_IRQ_TYPE_SHIFT |
					     (GIC_FIRST_SPI + spi),
				      .level = high };

	if (high == is_high[spi])
		return;
	is_high[spi] = high;
	IOCTL(vm_fd, KVM_IRQ_LINE, &line);
}

static void set_attribute(int fd, uint32_t group, uint64_t attribute, void *value)
{
	struct kvm_device_attr attr = { .group = group,
					.attr = attribute,
					.addr = (uintptr_t)value };

	IOCTL(fd, KVM_SET_DEVICE_ATTR, &attr);
}

static void set_address(int fd, uint64_t type, uint64_t address)
{
	set_attribute(fd, KVM_DEV_ARM_VGIC_GRP_ADDR, type, &address);
}

/* A device in the kernel, or -1 if this KVM has none. */
static int create_device(uint32_t type)
{
	struct kvm_create_device device = { .type = type };

	return ioctl(vm_fd, KVM_CREATE_DEVICE, &device) ? -1 : (int)device.fd;
}

/* An image has its size in its first bytes, as Linux's has; where there is none, it is as long as the file. */
static void load(void)
{
	uint64_t room = options.memory - TREE_ROOM, at = MEMORY_BASE + TREE_ROOM;
	uint8_t *memory = memory_at(at, room);
	struct stat about;
	int fd = open(options.image, O_RDONLY | O_CLOEXEC);
	uint64_t done = 0;
	ssize_t got;

	if (fd < 0 || fstat(fd, &about))
		fail("%s: %s", options.image, strerror(errno));
	if ((uint64_t)about.st_size > room)
		fail("%s: has %llu bytes, too many for the memory", options.image,
		     (unsigned long long)about.st_size);
	while ((got = read(fd, memory + done, room - done)) > 0)
		done += (uint64_t)got;
	if (got < 0)
		fail("%s: %s", options.image, strerror(errno));
	close(fd);
	/* "ARM\x64" at 38H is an arm64 image's; one of arm has its magic number at 24H. */
	machine.aarch32 = done >= 0x40 && memcmp(memory + 0x38, "ARM\x64", 4);
	entry = at;
}

void arch_machine(void)
{
	if (options.memory < 2 * TREE_ROOM)
		fail("%llu MiB of memory are too few", (unsigned long long)(options.memory / MiB));
	if (options.without)
		fail_lacking("a way to take %s from the CPU", options.without);
	memory_add(MEMORY_BASE, options.memory);
	load();
	if (machine.aarch32 && has_extension(KVM_CAP_ARM_EL1_32BIT) <= 0)
		fail_lacking("AArch32 at EL1");
	machine.pmu = has_extension(KVM_CAP_ARM_PMU_V3) > 0;
	gic_fd = create_device(options.gic == 2 ? KVM_DEV_TYPE_ARM_VGIC_V2
						: KVM_DEV_TYPE_ARM_VGIC_V3);
	if (gic_fd < 0)
		fail_lacking("version %u of the GIC: %s", options.gic, strerror(errno));
	its_fd = -1;
	if (options.gic == 3)
		its_fd = create_device(KVM_DEV_TYPE_ARM_VGIC_ITS);
	machine.its = its_fd >= 0;
}

static void set_register(struct vcpu *vcpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	IOCTL(vcpu->fd, KVM_SET_ONE_REG, &reg);
}

static void init_pmu(struct vcpu *vcpu)
{
	int interrupt = PPI_PMU + 16;

	set_attribute(vcpu->fd, KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_IRQ, &interrupt);
}

static void enable(struct kvm_vcpu_init *init, unsigned int feature)
{
	init->features[feature / 32] |= 1u << feature % 32;
}

void arch_vcpu(struct vcpu *vcpu)
{
	struct kvm_vcpu_init init;
	int sve = KVM_ARM_VCPU_SVE;

	IOCTL(vm_fd, KVM_ARM_PREFERRED_TARGET, &init);
	enable(&init, KVM_ARM_VCPU_PSCI_0_2);
	if (vcpu->number)
		enable(&init, KVM_ARM_VCPU_POWER_OFF);
	if (machine.aarch32)
		enable(&init, KVM_ARM_VCPU_EL1_32BIT);
	if (machine.pmu)
		enable(&init, KVM_ARM_VCPU_PMU_V3);
	if (!machine.aarch32 && has_extension(KVM_CAP_ARM_SVE) > 0)
		enable(&init, KVM_ARM_VCPU_SVE);
	if (!machine.aarch32 && has_extension(KVM_CAP_ARM_PTRAUTH_ADDRESS) > 0 &&
	    has_extension(KVM_CAP_ARM_PTRAUTH_GENERIC) > 0) {
		enable(&init, KVM_ARM_VCPU_PTRAUTH_ADDRESS);
		enable(&init, KVM_ARM_VCPU_PTRAUTH_GENERIC);
	}
	IOCTL(vcpu->fd, KVM_ARM_VCPU_INIT, &init);
	if (init.features[0] & 1u << KVM_ARM_VCPU_SVE)
		IOCTL(vcpu->fd, KVM_ARM_VCPU_FINALIZE, &sve);
	if (vcpu->number)
		return; /* PSCI starts it */
	set_register(vcpu, CORE_REG(regs.pc), entry);
	/* booting.rst has the tree's address in x0; arm's has it in r2, and -1 in r1. */
	set_register(vcpu, CORE_REG(regs.regs[0]), machine.aarch32 ? 0 : MEMORY_BASE);
	if (machine.aarch32) {
		set_register(vcpu, CORE_REG(regs.regs[1]), UINT32_MAX);
		set_register(vcpu, CORE_REG(regs.regs[2]), MEMORY_BASE);
	}
}

void arch_ready(void)
{
	uint32_t interrupts = GIC_INTERRUPTS;

	set_address(gic_fd,
		    options.gic == 2 ? KVM_VGIC_V2_ADDR_TYPE_DIST : KVM_VGIC_V3_ADDR_TYPE_DIST,
		    GICD_BASE);
	if (options.gic == 2)
		set_address(gic_fd, KVM_VGIC_V2_ADDR_TYPE_CPU, GICC_BASE);
	else
		set_address(gic_fd, KVM_VGIC_V3_ADDR_TYPE_REDIST, GICR_BASE);
	set_attribute(gic_fd, KVM_DEV_ARM_VGIC_GRP_NR_IRQS, 0, &interrupts);
	set_attribute(gic_fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
	if (machine.its) {
		set_address(its_fd, KVM_VGIC_ITS_ADDR_TYPE, GITS_BASE);
		set_attribute(its_fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
	}
	for (unsigned int i = 0; machine.pmu && i < options.cpus; i++) {
		init_pmu(&vcpus[i]);
		set_attribute(vcpus[i].fd, KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_INIT,
			      NULL);
	}
	tree_build(memory_at(MEMORY_BASE, TREE_ROOM), TREE_ROOM);
}

bool arch_exit(struct vcpu *vcpu)
{
	(void)vcpu;
	return false;
}

void arch_mmio(uint64_t address, void *data, unsigned int size, bool write)
{
	if (address >= UART_BASE && address < UART_BASE + UART_SIZE)
		uart_access(address - UART_BASE, data, size, write);
	else if (!write)
		memset(data, 0xff, size);
}

static uint64_t get_register(struct vcpu *vcpu, uint64_t id)
{
	uint64_t value = 0;
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	return ioctl(vcpu->fd, KVM_GET_ONE_REG, &reg) ? 0 : value;
}

uint64_t arch_where(struct vcpu *vcpu)
{
	return get_register(vcpu, CORE_REG(regs.pc));
}

void arch_describe(struct vcpu *vcpu, FILE *out)
{
	fprintf(out, "pc %016llx pstate %llx sp %016llx sp_el1 %016llx\n",
		(unsigned long long)arch_where(vcpu),
		(unsigned long long)get_register(vcpu, CORE_REG(regs.pstate)),
		(unsigned long long)get_register(vcpu, CORE_REG(regs.sp)),
		(unsigned long long)get_register(vcpu, CORE_REG(sp_el1)));
	for (unsigned int i = 0; i < 31; i++)
		fprintf(out, "x%-2u %016llx%s", i,
			(unsigned long long)get_register(
				vcpu,
				CORE_REG(regs.regs[0]) + i * (sizeof(uint64_t) / sizeof(uint32_t))),
			i % 4 == 3 || i == 30 ? "\n" : " ");
}
