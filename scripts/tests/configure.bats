#!/usr/bin/env bats
# configure and make, in a copy of the tree that has the library and one small image.
load helper

setup_file() {
	local top copy=$BATS_FILE_TMPDIR/tree
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	mkdir "$copy"
	cp -r "$top/configure" "$top/Makefile" "$top/lib" "$top/scripts" "$copy/"
	rm -f "$copy"/lib/selftest/*
	mkdir -p "$copy/x86/tiny"
	cat >"$copy/lib/selftest/one.c" <<'END'
#include <test.h>

SUITE("one");

TEST(first, "one is one", SPEC("C11"))
{
	EXPECT_EQ(1, 1);
}
END
	cp "$copy/lib/selftest/one.c" "$copy/x86/tiny/one.c"
	sed 's/first/second/; s/<test.h>/<test.h>\n#include "mine.h"/' "$copy/lib/selftest/one.c" >"$copy/x86/tiny/two.c"
	echo '/* only for two.c */' >"$copy/x86/tiny/mine.h"
	cd "$copy" || return 1
	./configure --arch=x86_64 >configure.log 2>&1 || skip 'no compiler for x86_64 here'
	make -j2 >make.log 2>&1 3>&- || cat make.log
}

setup() {
	unset MAKEFLAGS MAKELEVEL MFLAGS ARCH
	cd "$BATS_FILE_TMPDIR/tree" || return 1
}

teardown() { :; }

quietly() {
	run --separate-stderr "$@" 3>&-
}

# Nothing compiled, linked or complained of; make's own word for each architecture is no work.
nothing_done() {
	equal "$status" 0
	equal "$(grep -v "Nothing to be done for 'all'" <<<"$output")" ''
	equal "$stderr" ''
}

@test "unknown option, unknown architecture, no architecture: exit status 2" {
	quietly ./configure --frobnicate
	equal "$status" 2
	contains "$stderr" "unknown option '--frobnicate'"
	quietly ./configure --arch=vax
	equal "$status" 2
	contains "$stderr" "unknown architecture 'vax'"
	quietly ./configure --arch=
	lacks "$output" vax
	quietly ./configure --cc=no-such-compiler
	equal "$status" 2
	quietly ./configure --help
	equal "$status" 0
}

@test "what it builds: images and their lists" {
	[[ -f build/x86_64/tiny.elf && -f build/x86_64/selftest.elf ]]
	equal "$(cut -f1-2 build/x86_64/tiny.list)" $'first\tone is one\nsecond\tone is one'
}

@test "make with nothing to do does nothing" {
	make >/dev/null
	quietly make
	nothing_done
}

@test "a touched header rebuilds its users only" {
	make >/dev/null
	sleep 0.01
	touch x86/tiny/mine.h
	quietly make
	equal "$(grep -c '  CC ' <<<"$output")" 1
	contains "$output" 'x86/tiny/two.c'
	contains "$output" 'build/x86_64/tiny.elf'
	lacks "$output" selftest
}

@test "a source that goes away goes out of the image" {
	sed 's/first/third/' x86/tiny/one.c >x86/tiny/three.c
	quietly make
	contains "$(cut -f1 build/x86_64/tiny.list)" third
	rm x86/tiny/three.c
	quietly make
	equal "$status" 0
	equal "$(cut -f1 build/x86_64/tiny.list)" $'first\nsecond'
}

@test "two cases of the same name are a link error" {
	cp x86/tiny/one.c x86/tiny/again.c
	quietly make
	local status_of_make=$status
	rm x86/tiny/again.c
	make >/dev/null
	((status_of_make))
	contains "$stderr" first
}

@test "other --cflags rebuild" {
	make >/dev/null
	./configure --arch=x86_64 --cflags=-DSOMETHING >/dev/null
	quietly make -n
	contains "$output" 'CC      x86_64 x86/tiny/one.c'
	contains "$output" -DSOMETHING
	./configure --arch=x86_64 >/dev/null
	make >/dev/null
	# The same again is nothing to do.
	./configure --arch=x86_64 >/dev/null
	quietly make
	nothing_done
}

@test "two architectures side by side" {
	./configure --arch=i386 >/dev/null || skip 'no compiler for i386 here'
	quietly make -j2 ARCH=i386
	equal "$status" 0
	[[ -f build/i386/tiny.elf && -f build/x86_64/tiny.elf ]]
	cmp build/i386/tiny.list build/x86_64/tiny.list
	quietly make
	nothing_done
	quietly make ARCH=arm64
	equal "$status" 2
	contains "$stderr" arm64
}

@test "in a folder with a space and a quote in its name; what it makes does not tell where" {
	local folder="$BATS_TEST_TMPDIR/my 'own' tree"
	make >/dev/null
	cp -r . "$folder"
	rm -r "$folder/build"
	cd "$folder" || return 1
	./configure --arch=x86_64 >/dev/null
	quietly make -j2
	equal "$status" 0
	equal "$stderr" ''
	jq . compile_commands.json >/dev/null
	cmp build/x86_64/tiny.elf "$BATS_FILE_TMPDIR/tree/build/x86_64/tiny.elf"
	quietly make
	nothing_done
}

@test "configure from another folder is refused, and says what to do" {
	mkdir -p "$BATS_TEST_TMPDIR/elsewhere"
	cd "$BATS_TEST_TMPDIR/elsewhere" || return 1
	quietly "$BATS_FILE_TMPDIR/tree/configure"
	equal "$status" 2
	contains "$stderr" "run me in the project's top folder"
	[[ -z $(ls) ]]
}

@test "make before configure says so" {
	mv build build.aside
	quietly make
	mv build.aside build
	equal "$status" 2
	contains "$stderr" 'run ./configure'
}
