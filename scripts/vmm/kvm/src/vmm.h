/* SPDX-License-Identifier: MIT */
/*
 * A small VMM on Linux's KVM API (Documentation/virt/kvm/api.rst), for test images. What all of it shares; arch_*() are
 * what each architecture has of its own.
 */
#ifndef ASSAY_KVM_VMM_H
#define ASSAY_KVM_VMM_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define KiB	   ((uint64_t)1 << 10)
#define MiB	   ((uint64_t)1 << 20)
#define GiB	   ((uint64_t)1 << 30)
#define NS	   1000000000ull /* of a second */
#define MAX_CPUS   64
#define COUNTOF(x) (sizeof(x) / sizeof((x)[0]))

/* Exit status: 0, the guest has ended the machine by itself; and besides what a test device says: */
#define STATUS_DIED  1 /* KVM or the host gave up, or the guest shut down; standard error has why */
#define STATUS_USAGE 2

struct options {
	const char *image, *arguments;
	const char *without; /* features, with commas between, or NULL */
	unsigned int cpus, gic;
	unsigned int sockets, cores, threads; /* their product is `cpus` */
	uint64_t memory;		      /* bytes */
};

struct vcpu {
	unsigned int number;
	int fd;
	struct kvm_run *run;
};

extern struct options options;
extern int kvm_fd, vm_fd;
extern struct vcpu vcpus[MAX_CPUS];

/* Says what is wrong, one line on standard error, and ends the VMM. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* The same for what this KVM does not have: a line that driver.bash knows by its beginning. */
void fail_lacking(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* The guest has ended the machine; `words` may be NULL. */
void end(int status, const char *words) __attribute__((noreturn));

/* An ioctl that has to work; its name is for people. Returns its result. */
int need_ioctl(int fd, unsigned long request, void *argument, const char *name);
#define IOCTL(fd, request, argument) need_ioctl(fd, request, argument, #request)

/* KVM_CHECK_EXTENSION of the virtual machine. */
int has_extension(int extension);

/* The guest's memory: host memory for a range of it, NULL if that is not all RAM. */
void memory_add(uint64_t start, uint64_t size);
void *memory_at(uint64_t start, uint64_t size);

/* Devices are used by one thread at a time. */
void devices_lock(void);
void devices_unlock(void);

/* Nanoseconds of a clock that nobody sets. */
uint64_t clock_ns(void);

/* The guest's console. What was put goes out by a flush, or when the VMM ends. */
void console_put(uint8_t byte);
void console_flush(void);

/* vcpu.c: makes all CPUs and runs them; does not return. */
void vcpus_run(void) __attribute__((noreturn));
/* words.c: ends the VMM for an exit that is the end of the guest, with what KVM says of it. */
void end_of_guest(struct vcpu *vcpu) __attribute__((noreturn));

/* Makes memory, interrupt controllers and devices, and loads the image; before there are CPUs. */
void arch_machine(void);
/* The identifier that KVM_CREATE_VCPU takes. */
unsigned long arch_vcpu_id(unsigned int number);
/* The state in which the CPU starts. */
void arch_vcpu(struct vcpu *vcpu);
/* Once all CPUs are there. */
void arch_ready(void);
/* An exit that is this architecture's, or false if it does not know it. */
bool arch_exit(struct vcpu *vcpu);
void arch_mmio(uint64_t address, void *data, unsigned int size, bool write);
/* Registers and the bytes of the instruction, to `out`. */
void arch_describe(struct vcpu *vcpu, FILE *out);
/* Where the CPU is, for one line. */
uint64_t arch_where(struct vcpu *vcpu);
#endif
