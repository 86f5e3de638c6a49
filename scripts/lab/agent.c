/* SPDX-License-Identifier: MIT */
/*
 * The first process of the lab's Linux: loads the modules, then runs the commands that come by the port "control", one
 * after the other. A command's standard output is the port "console", its standard error is "errors". Lines:
 *
 *	ready RELEASE PARAMETERS	to the host: there is a /dev/kvm; or "failed WHY"
 *	run WORD WORD ...		from the host, with US (1FH) before each word
 *	done STATUS			to the host, the status as a shell has it
 *	off				from the host
 *
 * A first request may be in the file /lab/request.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORTS	     "/sys/class/virtio-ports"
#define REQUEST	     "/lab/request"
#define MODULES	     "/lab/modules" /* a line for each: file, options */
#define PORTS_US     10000000	    /* they are there by then */
#define LOOK_US	     10000
#define MAX_WORDS    256
#define MAX_REQUEST  65536
#define MAX_FAILURES 1024

static char failures[MAX_FAILURES];

static void note_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note_failure(const char *format, ...)
{
	size_t length = strlen(failures);
	va_list arguments;

	if (length)
		length += (size_t)snprintf(failures + length, sizeof(failures) - length, "; ");
	if (length >= sizeof(failures))
		return;
	va_start(arguments, format);
	vsnprintf(failures + length, sizeof(failures) - length, format, arguments);
	va_end(arguments);
}

static void mount_all(void)
{
	static const struct {
		const char *type, *where;
	} mounts[] = { { "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" } };

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].where, 0755);
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, NULL))
			note_failure("%s cannot be mounted: %s", mounts[i].where, strerror(errno));
	}
}

/* FILE OPTIONS */
static void load_module(char *line)
{
	char *options = line, *path = strsep(&options, " \n");
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (options)
		options[strcspn(options, "\n")] = '\0';
	if (fd < 0 || syscall(SYS_finit_module, fd, options ? options : "", 0))
		note_failure("%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void load_modules(void)
{
	FILE *list = fopen(MODULES, "r");
	char line[1024];

	while (list && fgets(line, sizeof(line), list))
		load_module(line);
	if (list)
		fclose(list);
}

/* The first line of a file in sysfs, or false. */
static int read_line(const char *folder, const char *name, const char *file, char *text, int size)
{
	char path[512];
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s%s%s", folder, name, *file ? "/" : "", file);
	in = fopen(path, "r");
	if (!in)
		return 0;
	if (!fgets(text, size, in))
		*text = '\0';
	fclose(in);
	text[strcspn(text, "\n")] = '\0';
	return 1;
}

static int open_port_now(const char *wanted)
{
	DIR *folder = opendir(PORTS);
	struct dirent *entry;
	char name[64], path[300];
	int fd = -1;

	while (fd < 0 && folder && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.' ||
		    !read_line(PORTS, entry->d_name, "name", name, sizeof(name)) ||
		    strcmp(name, wanted))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (folder)
		closedir(folder);
	return fd;
}

/* The host makes them in its own time. */
static int open_port(const char *wanted)
{
	for (int waited = 0; waited < PORTS_US; waited += LOOK_US) {
		int fd = open_port_now(wanted);

		if (fd >= 0)
			return fd;
		usleep(LOOK_US);
	}
	return -1;
}

/* Those of KVM's modules, as module.name=value. */
static void list_parameters(char *text, size_t size)
{
	static const char *const modules[] = { "kvm", "kvm_amd", "kvm_intel" };
	size_t length = 0;

	*text = '\0';
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		char path[64], value[64];
		struct dirent **entries;
		int count;

		snprintf(path, sizeof(path), "/sys/module/%s/parameters", modules[i]);
		count = scandir(path, &entries, NULL, alphasort);
		for (int n = 0; n < count; n++) {
			const char *name = entries[n]->d_name;

			if (name[0] != '.' && length < size &&
			    read_line(path, name, "", value, sizeof(value)))
				length += (size_t)snprintf(text + length, size - length,
							   " %s.%s=%s", modules[i], name, value);
			free(entries[n]);
		}
		if (count >= 0)
			free(entries);
	}
}

static void say_ready(int control)
{
	char parameters[4096];
	struct utsname kernel;

	uname(&kernel);
	if (access("/dev/kvm", R_OK | W_OK)) {
		dprintf(control, "failed Linux %s has no /dev/kvm%s%s\n", kernel.release,
			*failures ? ": " : "", failures);
	} else {
		list_parameters(parameters, sizeof(parameters));
		dprintf(control, "ready %s%s\n", kernel.release, parameters);
	}
}

static void run(char **words, int console, int errors)
{
	int nothing = open("/dev/null", O_RDONLY);

	setsid();
	dup2(nothing, STDIN_FILENO);
	dup2(console, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	execv(words[0], words);
	dprintf(STDERR_FILENO, "%s: %s\n", words[0], strerror(errno));
	_exit(127);
}

/* Until the command has ended; what it leaves behind ends with it. */
static int wait_for(pid_t pid)
{
	int status = 0;
	pid_t ended;

	do {
		ended = waitpid(-1, &status, 0);
	} while (ended != pid && (ended > 0 || errno == EINTR));
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void serve(int control, int console, int errors, FILE *requests)
{
	static char request[MAX_REQUEST];
	char *words[MAX_WORDS + 1];

	while (requests && fgets(request, sizeof(request), requests)) {
		size_t count = 0;
		char *rest = request;
		pid_t pid;

		request[strcspn(request, "\n")] = '\0';
		while (count < MAX_WORDS && (words[count] = strsep(&rest, "\037")))
			count++;
		words[count] = NULL;
		if (!strcmp(words[0], "off"))
			return;
		if (strcmp(words[0], "run") || count < 2)
			continue;
		pid = fork();
		if (!pid)
			run(words + 1, console, errors);
		dprintf(control, "done %d\n", pid < 0 ? 126 : wait_for(pid));
	}
}

int main(void)
{
	int control, console, errors;

	mount_all();
	load_modules();
	control = open_port("control");
	console = open_port("console");
	errors = open_port("errors");
	if (control < 0 || console < 0 || errors < 0) {
		fprintf(stderr, "the lab's agent has no ports to the host%s%s\n",
			*failures ? ": " : "", failures);
	} else {
		say_ready(control);
		serve(control, console, errors, fopen(REQUEST, "r"));
		serve(control, console, errors, fdopen(control, "r"));
	}
	reboot(RB_POWER_OFF);
	return 1;
}
