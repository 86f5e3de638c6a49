/* SPDX-License-Identifier: MIT */
/* The PC's clock and its memory: Motorola's MC146818A, data sheet of 1988. The date starts as the host's, in UTC. */
#include "pc.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define SECONDS 0
#define MINUTES 2
#define HOURS	4
#define WEEKDAY 6
#define DAY	7
#define MONTH	8
#define YEAR	9
#define A	10
#define B	11
#define C	12
#define D	13
#define CENTURY 0x32 /* not the chip's, but what PCs agree about */

#define A_UIP	   0x80
#define A_DIVIDER  0x70
#define A_RUNS	   0x20 /* with a crystal of 32768 Hz */
#define A_RATE	   0x0f
#define B_SET	   0x80
#define B_BINARY   0x04
#define B_24	   0x02
#define C_IRQF	   0x80
#define C_PERIODIC 0x40
#define C_ALARM	   0x20
#define C_UPDATE   0x10
#define D_VALID	   0x80
#define HOUR_PM	   0x80
#define ANY	   0xc0 /* of an alarm's byte: it does not matter */

#define CRYSTAL_HZ 32768
#define UIP_NS	   244141 /* so long before an update */

static uint8_t ram[128] = { [A] = A_RUNS | 6, [B] = B_24, [D] = D_VALID };
static unsigned int selected;

/* The date at an instant of clock_ns(), from which it goes on while the clock runs. While it stands, the bytes in `ram` are it. */
static int64_t date;
static uint64_t date_at;
/* How far update_flags() has come. */
static uint64_t flags_until;
static pthread_cond_t changed;
/* What was written to the day of the week is not compared with the date: days between the two. */
static int weekday_shift;

static bool stands(void)
{
	return (ram[B] & B_SET) || (ram[A] & A_DIVIDER) != A_RUNS;
}

static int64_t date_now(uint64_t now)
{
	return date + (int64_t)((now - date_at) / NS);
}

static uint8_t coded(int value)
{
	return ram[B] & B_BINARY ? (uint8_t)value : (uint8_t)(value / 10 << 4 | value % 10);
}

static int decoded(uint8_t value)
{
	return ram[B] & B_BINARY ? value : (value >> 4) * 10 + (value & 0xf);
}

static uint8_t coded_hour(int hour)
{
	if (ram[B] & B_24)
		return coded(hour);
	return coded(hour % 12 ? hour % 12 : 12) | (hour >= 12 ? HOUR_PM : 0);
}

static int decoded_hour(uint8_t value)
{
	if (ram[B] & B_24)
		return decoded(value);
	return decoded(value & ~HOUR_PM) % 12 + (value & HOUR_PM ? 12 : 0);
}

static uint8_t field(const struct tm *t, unsigned int reg)
{
	switch (reg) {
	case SECONDS:
		return coded(t->tm_sec);
	case MINUTES:
		return coded(t->tm_min);
	case HOURS:
		return coded_hour(t->tm_hour);
	case WEEKDAY:
		return coded((t->tm_wday + weekday_shift) % 7 + 1);
	case DAY:
		return coded(t->tm_mday);
	case MONTH:
		return coded(t->tm_mon + 1);
	case YEAR:
		return coded(t->tm_year % 100);
	}
	return coded(t->tm_year / 100 + 19);
}

static bool is_date(unsigned int reg)
{
	return reg == SECONDS || reg == MINUTES ||
	       (reg >= HOURS && reg <= YEAR && reg != HOURS + 1) || reg == CENTURY;
}

static const unsigned int date_registers[] = { SECONDS, MINUTES, HOURS, WEEKDAY,
					       DAY,	MONTH,	 YEAR,	CENTURY };

/* The date into its bytes. */
static void store_date(uint64_t now)
{
	time_t at = date_now(now);
	struct tm t;

	gmtime_r(&at, &t);
	for (size_t i = 0; i < COUNTOF(date_registers); i++)
		ram[date_registers[i]] = field(&t, date_registers[i]);
}

/* The other way round. What is no date, such as day 31 of a month that has 30, is one of the next month. */
static void load_date(void)
{
	struct tm t = { .tm_sec = decoded(ram[SECONDS]),
			.tm_min = decoded(ram[MINUTES]),
			.tm_hour = decoded_hour(ram[HOURS]),
			.tm_mday = decoded(ram[DAY]),
			.tm_mon = decoded(ram[MONTH]) - 1,
			.tm_year = (decoded(ram[CENTURY]) - 19) * 100 + decoded(ram[YEAR]) };
	int weekday = decoded(ram[WEEKDAY]) - 1;

	date = timegm(&t); /* which makes t.tm_wday that of the date */
	weekday_shift = (weekday + 7 - t.tm_wday) % 7;
}

static void set_field(unsigned int reg, uint8_t value, uint64_t now)
{
	if (stands()) {
		ram[reg] = value;
		return;
	}
	store_date(now);
	ram[reg] = value;
	load_date();
	date_at += (now - date_at) / NS * NS;
}

static bool alarm_matches(time_t at)
{
	static const unsigned int regs[] = { SECONDS, MINUTES, HOURS };
	struct tm t;

	gmtime_r(&at, &t);
	for (size_t i = 0; i < COUNTOF(regs); i++) {
		uint8_t alarm = ram[regs[i] + 1];

		if ((alarm & ANY) != ANY && alarm != field(&t, regs[i]))
			return false;
	}
	return true;
}

/* Nanoseconds of a period of the periodic interrupt, 0 for none. Rates 1 and 2 are those of 8 and 9. */
static uint64_t period(void)
{
	unsigned int rate = ram[A] & A_RATE;

	if (!rate || (ram[A] & A_DIVIDER) != A_RUNS)
		return 0;
	return (NS << ((rate <= 2 ? rate + 7 : rate) - 1)) / CRYSTAL_HZ;
}

/* What has happened since the last time goes into register C. */
static void update_flags(uint64_t now)
{
	uint64_t each = period();

	if (each && now / each != flags_until / each)
		ram[C] |= C_PERIODIC;
	if (!stands()) {
		int64_t from = date + (int64_t)((flags_until - date_at) / NS), to = date_now(now);

		if (from < to)
			ram[C] |= C_UPDATE;
		/* A day has all alarms. */
		for (int64_t at = to - from > 86400 ? to - 86400 : from; at < to; at++)
			if (alarm_matches(at + 1))
				ram[C] |= C_ALARM;
	}
	flags_until = now;
	ram[C] &= (uint8_t)~C_IRQF;
	if (ram[C] & ram[B] & (C_PERIODIC | C_ALARM | C_UPDATE))
		ram[C] |= C_IRQF;
	irq_set(IRQ_RTC, ram[C] & C_IRQF);
}

/* When something can happen next that raises an interrupt; 0: never. */
static uint64_t next_event(uint64_t now)
{
	uint64_t each = period(), next = 0;

	if (ram[C] & C_IRQF)
		return 0;
	if (each && (ram[B] & C_PERIODIC))
		next = (now / each + 1) * each;
	if (!stands() && (ram[B] & (C_ALARM | C_UPDATE))) {
		uint64_t second = date_at + ((now - date_at) / NS + 1) * NS;

		if (!next || second < next)
			next = second;
	}
	return next;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of `changed` alone */

static void *wait_for_events(void *unused)
{
	(void)unused;
	for (;;) {
		uint64_t now = clock_ns(), next;

		devices_lock();
		update_flags(now);
		next = next_event(now);
		pthread_mutex_lock(&mutex);
		devices_unlock();
		if (next) {
			struct timespec until = { (time_t)(next / NS), (long)(next % NS) };

			pthread_cond_timedwait(&changed, &mutex, &until);
		} else {
			pthread_cond_wait(&changed, &mutex);
		}
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

void rtc_start(void)
{
	pthread_condattr_t attributes;
	pthread_t thread;

	date = time(NULL);
	date_at = flags_until = clock_ns();
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attributes);
	if (pthread_create(&thread, NULL, wait_for_events, NULL))
		fail("no thread for the clock");
}

uint32_t rtc_read(unsigned int offset, unsigned int size)
{
	uint64_t now = clock_ns();
	time_t at = date_now(now);
	struct tm t;
	uint8_t value;

	(void)size;
	if (!offset)
		return 0xff;
	update_flags(now);
	value = ram[selected];
	if (is_date(selected) && !stands()) {
		gmtime_r(&at, &t);
		return field(&t, selected);
	}
	if (selected == A && !stands() && (now - date_at) % NS >= NS - UIP_NS)
		value |= A_UIP;
	if (selected == C) {
		ram[C] = 0;
		irq_set(IRQ_RTC, false);
		pthread_mutex_lock(&mutex);
		pthread_cond_signal(&changed);
		pthread_mutex_unlock(&mutex);
	}
	return value;
}

/* A or B: the clock may stop, or go on. */
static void set_control(unsigned int reg, uint8_t value, uint64_t now)
{
	bool stood = stands(), reset = (ram[A] & A_DIVIDER) != A_RUNS;

	if (!stood)
		store_date(now);
	ram[reg] = value;
	if (reg == B && (value & B_SET))
		ram[B] &= (uint8_t)~C_UPDATE;
	if (stands())
		return;
	if (stood) {
		load_date();
		/* After the divider's reset, the first update comes half a second later. */
		date_at = reset ? now - NS / 2 : now - (now - date_at) % NS;
		flags_until = now;
	}
}

void rtc_write(unsigned int offset, unsigned int size, uint32_t value)
{
	uint64_t now = clock_ns();

	(void)size;
	if (!offset) {
		selected = value & 0x7f;
		return;
	}
	update_flags(now);
	if (is_date(selected))
		set_field(selected, (uint8_t)value, now);
	else if (selected == A || selected == B)
		set_control(selected, (uint8_t)(selected == A ? value & ~A_UIP : value), now);
	else if (selected != C && selected != D)
		ram[selected] = (uint8_t)value;
	update_flags(now);
	pthread_mutex_lock(&mutex);
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&mutex);
}
