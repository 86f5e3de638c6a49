/* SPDX-License-Identifier: MIT */
#include "vmm.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

struct vcpu vcpus[MAX_CPUS];

static void create(struct vcpu *vcpu)
{
	int size = IOCTL(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, NULL);

	vcpu->fd = ioctl(vm_fd, KVM_CREATE_VCPU, arch_vcpu_id(vcpu->number));
	if (vcpu->fd < 0 && (errno == EINVAL || errno == E2BIG))
		fail_lacking("%u CPUs: KVM_CREATE_VCPU: %s", options.cpus, strerror(errno));
	if (vcpu->fd < 0)
		fail("KVM_CREATE_VCPU: %s", strerror(errno));
	vcpu->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		fail("kvm_run of CPU %u: %s", vcpu->number, strerror(errno));
}

static void handle(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		devices_lock();
		arch_mmio(run->mmio.phys_addr, run->mmio.data, run->mmio.len, run->mmio.is_write);
		devices_unlock();
		break;
	case KVM_EXIT_INTR:
		break;
	default:
		if (!arch_exit(vcpu))
			end_of_guest(vcpu);
	}
}

static void *run(void *argument)
{
	struct vcpu *vcpu = argument;

	for (;;) {
		if (!ioctl(vcpu->fd, KVM_RUN, 0)) {
			handle(vcpu);
		} else if (errno != EINTR && errno != EAGAIN) {
			int error = errno;

			devices_lock();
			fprintf(stderr, "assay-kvm: CPU %u: KVM_RUN: %s, at %#llx\n", vcpu->number,
				strerror(error), (unsigned long long)arch_where(vcpu));
			arch_describe(vcpu, stderr);
			end(STATUS_DIED, NULL);
		}
	}
	return NULL;
}

void vcpus_run(void)
{
	for (unsigned int i = 0; i < options.cpus; i++) {
		vcpus[i].number = i;
		create(&vcpus[i]);
	}
	for (unsigned int i = 0; i < options.cpus; i++)
		arch_vcpu(&vcpus[i]);
	arch_ready();
	for (unsigned int i = 1; i < options.cpus; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, run, &vcpus[i]))
			fail("a thread for CPU %u: %s", i, strerror(errno));
	}
	run(&vcpus[0]);
	_exit(STATUS_DIED);
}
