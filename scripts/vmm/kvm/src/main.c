/* SPDX-License-Identifier: MIT */
#include "vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define DEVICE	       "/dev/kvm"
#define DEFAULT_MEMORY 128 /* MiB */

struct options options = { .cpus = 1, .gic = 3, .memory = DEFAULT_MEMORY * MiB, .arguments = "" };
int kvm_fd, vm_fd;

static pthread_mutex_t devices = PTHREAD_MUTEX_INITIALIZER;

static void usage(FILE *out)
{
	fprintf(out,
		"Usage: assay-kvm [options] IMAGE\n"
		"Boots a test image on " DEVICE "; the console is standard output.\n"
		"  --arguments TEXT     the image's command line\n"
		"  --cpus N             default 1\n"
		"  --topology S,C,T     sockets, cores of each, threads of each; default: a socket for each CPU\n"
		"  --memory MIB         default %d\n"
		"  --without F,F,...    features that the CPU is not to have, as /proc/cpuinfo names them\n"
		"  --gic 2|3            Arm's interrupt controller, default 3\n"
		"  --version            the version of this host's kernel, whose KVM is tested\n"
		"Exit status: 33 and 35, the image says that all or not all has passed; 0, it has switched the machine\n"
		"off or reset it; 1, KVM or the host gave up, or the guest shut down, as standard error says; 2, usage.\n",
		DEFAULT_MEMORY);
}

static char line[4096];
static size_t line_length;

void console_flush(void)
{
	for (size_t done = 0; done < line_length;) {
		ssize_t written = write(STDOUT_FILENO, line + done, line_length - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			fprintf(stderr, "assay-kvm: the console cannot be written: %s\n",
				strerror(errno));
			_exit(STATUS_DIED);
		}
		done += (size_t)written;
	}
	line_length = 0;
}

void console_put(uint8_t byte)
{
	if (line_length == sizeof(line))
		console_flush();
	line[line_length++] = (char)byte;
}

static void say(const char *before, const char *format, va_list arguments)
{
	char text[512];

	console_flush();
	vsnprintf(text, sizeof(text), format, arguments);
	fprintf(stderr, "assay-kvm: %s%s\n", before, text);
	fflush(stderr);
}

void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("", format, arguments);
	va_end(arguments);
	_exit(STATUS_DIED);
}

void fail_lacking(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("KVM does not have ", format, arguments);
	va_end(arguments);
	_exit(STATUS_DIED);
}

static void fail_usage(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void fail_usage(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("", format, arguments);
	va_end(arguments);
	_exit(STATUS_USAGE);
}

void end(int status, const char *words)
{
	console_flush();
	if (words) {
		fprintf(stderr, "assay-kvm: %s\n", words);
		fflush(stderr);
	}
	_exit(status);
}

int need_ioctl(int fd, unsigned long request, void *argument, const char *name)
{
	int result = ioctl(fd, request, argument);

	if (result < 0)
		fail("%s: %s", name, strerror(errno));
	return result;
}

int has_extension(int extension)
{
	return ioctl(vm_fd, KVM_CHECK_EXTENSION, extension);
}

void devices_lock(void)
{
	pthread_mutex_lock(&devices);
}

void devices_unlock(void)
{
	pthread_mutex_unlock(&devices);
}

uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS + (uint64_t)now.tv_nsec;
}

static void print_version(void)
{
	struct utsname host;

	uname(&host);
	printf("assay-kvm on Linux %s\n", host.release);
}

static unsigned int number(const char *option, const char *text, unsigned int max)
{
	char *rest;
	unsigned long value = strtoul(text, &rest, 10);

	if (*text < '0' || *text > '9' || *rest || !value || value > max)
		fail_usage("%s takes a number from 1 to %u, not '%s'", option, max, text);
	return (unsigned int)value;
}

static void topology(char *text)
{
	unsigned int *const parts[] = { &options.sockets, &options.cores, &options.threads };
	char *rest = text;

	for (size_t i = 0; i < COUNTOF(parts); i++) {
		char *part = strsep(&rest, ",");

		if (!part)
			fail_usage("--topology takes three numbers with commas between");
		*parts[i] = number("--topology", part, MAX_CPUS);
	}
	if (rest)
		fail_usage("--topology takes three numbers with commas between");
}

static void parse(int count, char **words)
{
	for (int i = 1; i < count; i++) {
		const char *option = words[i];
		bool takes_value = !strcmp(option, "--arguments") || !strcmp(option, "--cpus") ||
				   !strcmp(option, "--topology") || !strcmp(option, "--memory") ||
				   !strcmp(option, "--without") || !strcmp(option, "--gic");

		if (takes_value && ++i == count)
			fail_usage("option '%s' needs a value", option);
		if (!strcmp(option, "--arguments")) {
			options.arguments = words[i];
		} else if (!strcmp(option, "--cpus")) {
			options.cpus = number(option, words[i], MAX_CPUS);
		} else if (!strcmp(option, "--topology")) {
			topology(words[i]);
		} else if (!strcmp(option, "--memory")) {
			options.memory = number(option, words[i], 1 << 20) * MiB;
		} else if (!strcmp(option, "--without")) {
			options.without = words[i];
		} else if (!strcmp(option, "--gic")) {
			options.gic = number(option, words[i], 3);
		} else if (!strcmp(option, "--version")) {
			print_version();
			exit(0);
		} else if (!strcmp(option, "--help")) {
			usage(stdout);
			exit(0);
		} else if (option[0] == '-' || options.image) {
			fail_usage("'%s' is neither an option nor the only image; try --help",
				   option);
		} else {
			options.image = option;
		}
	}
	if (!options.image)
		fail_usage("no image; try --help");
	if (!options.sockets) {
		options.sockets = options.cpus;
		options.cores = options.threads = 1;
	}
	if (options.sockets * options.cores * options.threads != options.cpus)
		fail_usage("--topology %u,%u,%u is not that of %u CPUs", options.sockets,
			   options.cores, options.threads, options.cpus);
}

int main(int count, char **words)
{
	int version;

	parse(count, words);
	kvm_fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (kvm_fd < 0)
		fail("%s cannot be opened: %s", DEVICE, strerror(errno));
	version = ioctl(kvm_fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION)
		fail("%s has version %d of KVM's API, and %d is wanted", DEVICE, version,
		     KVM_API_VERSION);
	do {
		vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	} while (vm_fd < 0 && errno == EINTR);
	if (vm_fd < 0)
		fail("KVM_CREATE_VM: %s", strerror(errno));
	arch_machine();
	vcpus_run();
}
