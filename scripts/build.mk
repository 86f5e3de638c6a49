# Builds the images of one architecture: make -f scripts/build.mk ARCH=x86_64, after ./configure.
#
# An image NAME is made of all sources in <folder>/NAME/, where <folder> is the architecture's family
# (x86, arm, s390x), common or, for the library's own tests, lib. A source whose name ends in _64 or
# _32 only belongs to targets of that size.

out := build/$(ARCH)
include $(out)/config.mak

other_size := $(if $(filter 64,$(BITS)),32,64)
sources_in = $(filter-out %_$(other_size).c %_$(other_size).S,$(wildcard $(addsuffix /*.[cS],$(1))))

lib_sources := $(filter-out lib/harness/image_name.c,$(call sources_in, \
	lib/harness lib/libc lib/mm lib/sys lib/dev lib/$(FAMILY) lib/$(FAMILY)/model \
	lib/$(FAMILY)/svm lib/$(FAMILY)/vmx))
images := $(sort selftest $(notdir $(patsubst %/,%,$(wildcard $(FAMILY)/*/ common/*/))))
image_sources = $(call sources_in,lib/$(filter selftest,$(1)) common/$(1) $(FAMILY)/$(1))
vmm_sources := $(wildcard scripts/vmm/*/$(FAMILY)/*.S)
# Programs for the target's Linux: a VMM of our own, of scripts/vmm/NAME/src/ and src/<family>/, and what the lab starts.
program_sources = $(wildcard scripts/vmm/$(1)/src/*.c scripts/vmm/$(1)/src/$(FAMILY)/*.c)
own_vmms := $(if $(PROGRAM_CC),$(sort $(foreach s,$(wildcard scripts/vmm/*/src/$(FAMILY)/*.c),$(word 3,$(subst /, ,$(s))))))
lab_agent := $(if $(PROGRAM_CC),$(out)/lab/agent)
objects = $(patsubst %,$(out)/obj/%.o,$(1))

CPPFLAGS := -nostdinc -isystem $(CC_INCLUDE) -Ilib -Ilib/libc -Ilib/$(FAMILY)
# Images do not tell where they were made: names of sources start at the top folder. Clang's assembler does not know the
# option that both compilers have.
here := '-ffile-prefix-map=$(subst ','\'',$(CURDIR))=.' $(if $(findstring clang,$(CC)),-fdebug-compilation-dir=.)
CFLAGS := -std=gnu11 $(here) -ffreestanding -fno-strict-aliasing -fno-omit-frame-pointer \
	-fno-stack-protector -fno-pic -fno-pie -fno-asynchronous-unwind-tables -fno-common \
	-Wall -Wextra -Werror -Wno-sign-compare -Wno-format-zero-length \
	-Wstrict-prototypes -Wvla -Wshadow -Wmissing-prototypes -Wundef -Wwrite-strings -Wpointer-arith \
	$(ARCH_CFLAGS) $(USER_CFLAGS)
# Cases run once: they are compiled fast, with what backtraces need; --cflags=-g is for a debugger. What they are linked
# from is optimised.
optimise = $(if $(filter lib/%,$(filter-out lib/selftest/%,$(1))),-O2 -g,-O1 -g1)
LDFLAGS := -nostdlib -static $(ARCH_LDFLAGS) -Wl,--build-id=none -Wl,-z,noexecstack \
	-Wl,-z,max-page-size=4096

# A file whose text is compared with what make would do now; what depends on it is made again when the
# text changes.
define remember
$(if $(filter-out x$(subst $() ,^,$(file <$(1))),x$(subst $() ,^,$(strip $(2)))),$(file >$(1),$(strip $(2))))
endef
$(shell mkdir -p $(out)/obj)
PROGRAM_FLAGS := -std=gnu11 -O2 -g $(here) -Wall -Wextra -Werror -pthread
$(call remember,$(out)/program-flags,$(PROGRAM_CC) $(PROGRAM_FLAGS) $(CC_VERSION))
$(call remember,$(out)/flags,$(CC) $(CPPFLAGS) $(CFLAGS) $(call optimise,lib/) $(call optimise,) $(LDFLAGS) $(CC_VERSION))
$(call remember,$(out)/sources,$(lib_sources) $(foreach i,$(images),$(call image_sources,$(i))))

.DELETE_ON_ERROR:
.PHONY: all
all: $(foreach i,$(images),$(out)/$(i).elf $(out)/$(i).list $(if $(FLAT_IMAGE),$(out)/$(i).$(FLAT_IMAGE))) \
	$(patsubst scripts/vmm/%.S,$(out)/vmm/%.bin,$(vmm_sources)) $(foreach v,$(own_vmms),$(out)/vmm/$(v)/assay-$(v)) \
	$(lab_agent) $(out)/compile_commands.json

$(out)/obj/%.o: % $(out)/flags
	@mkdir -p $(@D)
	@echo "  CC      $(ARCH) $<"
	@$(CC) $(CPPFLAGS) $(call optimise,$<) $(CFLAGS) -MMD -MP -c -o $@ $<

$(out)/libassay.a: $(call objects,$(lib_sources)) $(out)/sources
	@rm -f $@
	@$(AR) rcsD $@ $(filter %.o,$^)

define image_rules
$(out)/obj/$(1).name.o: lib/harness/image_name.c $(out)/flags
	@$(CC) $(CPPFLAGS) $(call optimise,lib/) $(CFLAGS) '-DIMAGE_NAME="$(1)"' -c -o $$@ $$<

$(out)/$(1).elf: $(call objects,$(call image_sources,$(1))) $(out)/obj/$(1).name.o \
		$(out)/libassay.a lib/$(FAMILY)/image.lds $(out)/sources
	@echo "  LINK    $$@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -T lib/$(FAMILY)/image.lds -o $$@ $$(filter %.o %.a,$$^) $(LIBGCC)
endef
$(foreach i,$(images),$(eval $(call image_rules,$(i))))

# The cases of an image as its section has them, one a line: name, sentence, manual, bugs, file, line.
$(out)/%.list: $(out)/%.elf
	@$(OBJCOPY) -O binary --only-section=.assay.list $< $@.bin
	@tr -d '\000' <$@.bin >$@.new && rm $@.bin && mv $@.new $@

# The image as it lies in memory, for architectures whose boot protocol wants that and not an ELF file.
$(out)/%.bin: $(out)/%.elf
	@$(OBJCOPY) -O binary $< $@

# What a VMM wants beside the image, scripts/vmm/NAME/<family>/*.S: flat files that lie at the end of the first 4 GiB.
.SECONDARY: $(call objects,$(vmm_sources))
$(out)/vmm/%.bin: $(out)/obj/scripts/vmm/%.S.o
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) $(LDFLAGS) -Wl,-Ttext=0xffff0000 -Wl,--oformat=binary -o $@ $<

program_objects = $(patsubst %,$(out)/obj/program/%.o,$(1))
$(out)/obj/program/%.o: % $(out)/program-flags
	@mkdir -p $(@D)
	@echo "  CC      $(ARCH) $<"
	@$(PROGRAM_CC) $(PROGRAM_FLAGS) -MMD -MP -c -o $@ $<

define program_rule
$(1): $(call program_objects,$(2))
	@mkdir -p $$(@D)
	@echo "  LINK    $$@"
	@$(PROGRAM_CC) $(PROGRAM_FLAGS) -static -o $$@ $$^
endef
$(foreach v,$(own_vmms),$(eval $(call program_rule,$(out)/vmm/$(v)/assay-$(v),$(call program_sources,$(v)))))
$(if $(lab_agent),$(eval $(call program_rule,$(lab_agent),scripts/lab/agent.c)))

# For clangd and other tools that want to know how a file is compiled.
in_json = $(subst ",\",$(subst \,\\,$(1)))
define compile_command
{ "directory": "$(call in_json,$(CURDIR))", "file": "$(1)", "command": "$(call in_json,$(CC) $(CPPFLAGS) $(call optimise,$(1)) $(CFLAGS) -DIMAGE_NAME=NAME -c $(1))" }
endef
comma := ,
$(out)/compile_commands.json: $(out)/flags $(out)/sources
	$(file >$@,[)
	$(foreach s,$(filter %.c,$(file <$(out)/sources)),$(file >>$@,$(call compile_command,$(s))$(comma)))
	$(file >>$@,$(call compile_command,lib/harness/image_name.c)])
	@:

-include $(patsubst %.o,%.d,$(call program_objects,scripts/lab/agent.c $(foreach v,$(own_vmms),$(call program_sources,$(v)))))
-include $(patsubst %.o,%.d,$(call objects,$(lib_sources) $(vmm_sources) $(foreach i,$(images),$(call image_sources,$(i)))))
