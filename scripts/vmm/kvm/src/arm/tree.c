/* SPDX-License-Identifier: MIT */
/* The device tree: Devicetree Specification 0.4, chapter 5 for its form; Linux's bindings for what stands in it. */
#include "virt.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC	   0xd00dfeed
#define VERSION	   17
#define COMPATIBLE 16
#define BEGIN_NODE 1
#define END_NODE   2
#define PROPERTY   3
#define END	   9

#define GIC_PHANDLE 1
#define SPI	    0
#define PPI	    1
#define EDGE_RISING 1
#define LEVEL_HIGH  4

struct block {
	uint8_t *bytes;
	size_t length, size;
};

static struct block structure, strings;

static void append(struct block *b, const void *bytes, size_t length)
{
	if (b->length + length > b->size) {
		b->size = (b->length + length) * 2;
		b->bytes = realloc(b->bytes, b->size);
		if (!b->bytes)
			fail("no memory");
	}
	memcpy(b->bytes + b->length, bytes, length);
	b->length += length;
}

static void append_cell(uint32_t cell)
{
	const uint8_t bytes[] = { (uint8_t)(cell >> 24), (uint8_t)(cell >> 16),
				  (uint8_t)(cell >> 8), (uint8_t)cell };

	append(&structure, bytes, sizeof(bytes));
}

static void pad(void)
{
	while (structure.length & 3)
		append(&structure, "", 1);
}

static void begin(const char *name)
{
	append_cell(BEGIN_NODE);
	append(&structure, name, strlen(name) + 1);
	pad();
}

static void end_node(void)
{
	append_cell(END_NODE);
}

static void property(const char *name, const void *value, size_t size)
{
	append_cell(PROPERTY);
	append_cell((uint32_t)size);
	append_cell((uint32_t)strings.length);
	append(&strings, name, strlen(name) + 1);
	append(&structure, value, size);
	pad();
}

static void flag(const char *name)
{
	property(name, "", 0);
}

static void string(const char *name, const char *value)
{
	property(name, value, strlen(value) + 1);
}

static void cells(const char *name, const uint32_t *values, size_t count)
{
	append_cell(PROPERTY);
	append_cell((uint32_t)(count * 4));
	append_cell((uint32_t)strings.length);
	append(&strings, name, strlen(name) + 1);
	for (size_t i = 0; i < count; i++)
		append_cell(values[i]);
}

#define CELLS(name, ...) \
	cells(name, (const uint32_t[]){ __VA_ARGS__ }, COUNTOF(((const uint32_t[]){ __VA_ARGS__ })))
/* Addresses and sizes are of two cells. */
#define TWO(value) (uint32_t)((uint64_t)(value) >> 32), (uint32_t)(value)

static void cpus(void)
{
	char name[32];

	begin("cpus");
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 0);
	for (unsigned int i = 0; i < options.cpus; i++) {
		snprintf(name, sizeof(name), "cpu@%llx", (unsigned long long)cpu_affinity(i));
		begin(name);
		string("device_type", "cpu");
		string("compatible", machine.aarch32 ? "arm,cortex-a15" : "arm,armv8");
		string("enable-method", "psci");
		CELLS("reg", TWO(cpu_affinity(i)));
		end_node();
	}
	end_node();
}

static void gic(void)
{
	begin("intc@8000000");
	CELLS("phandle", GIC_PHANDLE);
	CELLS("#interrupt-cells", 3);
	flag("interrupt-controller");
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 2);
	flag("ranges");
	if (options.gic == 2) {
		string("compatible", "arm,cortex-a15-gic");
		CELLS("reg", TWO(GICD_BASE), TWO(GICD_SIZE), TWO(GICC_BASE), TWO(GICC_SIZE));
	} else {
		string("compatible", "arm,gic-v3");
		CELLS("#redistributor-regions", 1);
		CELLS("reg", TWO(GICD_BASE), TWO(GICD_SIZE), TWO(GICR_BASE),
		      TWO(options.cpus * GICR_SIZE));
	}
	if (machine.its) {
		begin("its@8080000");
		string("compatible", "arm,gic-v3-its");
		flag("msi-controller");
		CELLS("#msi-cells", 1);
		CELLS("reg", TWO(GITS_BASE), TWO(GITS_SIZE));
		end_node();
	}
	end_node();
}

static void devices(void)
{
	static const char psci[] = "arm,psci-1.0\0arm,psci-0.2";
	static const char uart[] = "arm,pl011\0arm,primecell";

	begin("psci");
	property("compatible", psci, sizeof(psci));
	string("method", "hvc");
	end_node();
	begin("timer");
	string("compatible", machine.aarch32 ? "arm,armv7-timer" : "arm,armv8-timer");
	CELLS("interrupts", PPI, PPI_SECURE_TIMER, LEVEL_HIGH, PPI, PPI_TIMER, LEVEL_HIGH, PPI,
	      PPI_VIRTUAL_TIMER, LEVEL_HIGH, PPI, PPI_HYP_TIMER, LEVEL_HIGH);
	flag("always-on");
	end_node();
	if (machine.pmu) {
		begin("pmu");
		string("compatible", "arm,armv8-pmuv3");
		CELLS("interrupts", PPI, PPI_PMU, LEVEL_HIGH);
		end_node();
	}
	begin("pl011@9000000");
	property("compatible", uart, sizeof(uart));
	CELLS("reg", TWO(UART_BASE), TWO(UART_SIZE));
	CELLS("interrupts", SPI, UART_SPI, LEVEL_HIGH);
	end_node();
}

static void root(void)
{
	begin("");
	CELLS("#address-cells", 2);
	CELLS("#size-cells", 2);
	CELLS("interrupt-parent", GIC_PHANDLE);
	string("compatible", "assay,kvm");
	begin("chosen");
	string("bootargs", options.arguments);
	string("stdout-path", "/pl011@9000000");
	end_node();
	begin("memory@40000000");
	string("device_type", "memory");
	CELLS("reg", TWO(MEMORY_BASE), TWO(options.memory));
	end_node();
	cpus();
	gic();
	devices();
	end_node();
	append_cell(END);
}

static void store(uint8_t *at, uint32_t cell)
{
	for (unsigned int i = 0; i < 4; i++)
		at[i] = (uint8_t)(cell >> (24 - 8 * i));
}

size_t tree_build(void *out, size_t size)
{
	enum { HEADER = 40, RESERVATIONS = 16 };
	size_t total;
	uint8_t *at = out;

	root();
	total = HEADER + RESERVATIONS + structure.length + strings.length;
	if (total > size)
		fail("the command line is too long");
	const uint32_t header[] = { MAGIC,
				    (uint32_t)total,
				    HEADER + RESERVATIONS,
				    (uint32_t)(HEADER + RESERVATIONS + structure.length),
				    HEADER,
				    VERSION,
				    COMPATIBLE,
				    0,
				    (uint32_t)strings.length,
				    (uint32_t)structure.length };

	memset(out, 0, HEADER + RESERVATIONS);
	for (size_t i = 0; i < COUNTOF(header); i++)
		store(at + 4 * i, header[i]);
	memcpy(at + HEADER + RESERVATIONS, structure.bytes, structure.length);
	memcpy(at + HEADER + RESERVATIONS + structure.length, strings.bytes, strings.length);
	return total;
}
