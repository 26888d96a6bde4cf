# SPDX-License-Identifier: MIT
#
# make man		the manual pages, in $(BUILD)/man
# make install		prefix=... libdir=...; DESTDIR=... for a package. make install-firmware is apart, as it
#			does not go below prefix
# make install-dkms	the driver's sources, DKMS's description of them, what has them built; DESTDIR=...
# make uninstall	what make install of the same variables has installed
version := 0.1.0
release-date := 2026-11-22

prefix ?= /usr/local
bindir ?= $(prefix)/bin
libdir ?= $(prefix)/lib
includedir ?= $(prefix)/include
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
udevdir ?= $(prefix)/lib/udev

man-src := scripts/manpages $(wildcard scripts/manual/*.py examples/api/*.c userspace/tools/examples/*.txt) \
	   $(tools-src) $(wildcard userspace/libdla/include/*.h) packaging/build.mk

.PHONY: man install install-dkms uninstall
man: $(BUILD)/man/made
$(BUILD)/man/made: $(man-src)
	@scripts/need python3
	@rm -rf $(@D) && mkdir -p $(@D)
	$(call quiet,GEN)scripts/manpages $(@D) --version "libdla $(version)" --date $(release-date) && touch $@

$(BUILD)/dla.bash: scripts/completion scripts/manual/commands.py $(tools-src)
	@scripts/need python3
	$(call quiet,GEN)scripts/completion > $@

# From one folder to another.
path-from = $(shell realpath -m --relative-to=$(1) $(2))

# Found by the tool where the system does not look for libraries.
install-rpath = $(if $(filter-out /usr,$(prefix)),-Wl$(comma)-rpath$(comma)'$$ORIGIN/$(call path-from,$(bindir),$(libdir))')
comma := ,

install: $(BUILD)/dla $(BUILD)/libdla.so.0 $(BUILD)/libnvdla-emu.so.0 $(BUILD)/libdla_delegate.so $(BUILD)/dla.bash man
	@mkdir -p $(BUILD)/install
	$(CC) $(CFLAGS) $(tools-obj) -o $(BUILD)/install/dla -L$(BUILD) -l:libdla.so.0 $(install-rpath) $(tools-libs)
	sed -e 's|@PREFIX@|$(call path-from,$(libdir)/pkgconfig,$(prefix))|' -e 's|@VERSION@|$(version)|' \
		-e 's|@INCLUDEDIR@|$(call path-from,$(libdir)/pkgconfig,$(includedir))|' packaging/dla.pc.in > $(BUILD)/install/dla.pc
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(libdir)/libdla $(DESTDIR)$(libdir)/pkgconfig $(DESTDIR)$(includedir)/drm \
		$(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man3 $(DESTDIR)$(datadir)/bash-completion/completions \
		$(DESTDIR)$(udevdir)/rules.d
	install $(BUILD)/install/dla $(DESTDIR)$(bindir)
	install -m 644 $(BUILD)/libdla.so.0 $(DESTDIR)$(libdir)/libdla.so.$(version)
	ln -sf libdla.so.$(version) $(DESTDIR)$(libdir)/libdla.so.0
	ln -sf libdla.so.0 $(DESTDIR)$(libdir)/libdla.so
	install -m 644 $(BUILD)/libnvdla-emu.so.0 $(DESTDIR)$(libdir)/libdla
	install -m 644 $(BUILD)/libdla_delegate.so $(DESTDIR)$(libdir)
	install -m 644 $(BUILD)/install/dla.pc $(DESTDIR)$(libdir)/pkgconfig
	install -m 644 $(wildcard userspace/libdla/include/*.h) $(DESTDIR)$(includedir)
	install -m 644 uapi/drm/nvdla_accel.h $(DESTDIR)$(includedir)/drm
	cp -P $(BUILD)/man/man1/*.1 $(DESTDIR)$(mandir)/man1
	cp -P $(BUILD)/man/man3/*.3 $(DESTDIR)$(mandir)/man3
	install -m 644 $(BUILD)/dla.bash $(DESTDIR)$(datadir)/bash-completion/completions/dla
	install -m 644 packaging/60-nvdla.rules $(DESTDIR)$(udevdir)/rules.d

uninstall:
	stage=$$(mktemp -d) && $(MAKE) -s install DESTDIR="$$stage" && \
		(cd "$$stage" && find . ! -type d) | sed 's|^\.|$(DESTDIR)|' | xargs -d '\n' rm -f; rm -rf "$$stage"
	-rmdir $(DESTDIR)$(libdir)/libdla

# The folders are those that DKMS and the scripts of kernel packages look into, whatever prefix is.
dkms-src = $(DESTDIR)/usr/src/nvdla-$(version)

install-dkms:
	install -d $(dkms-src) $(DESTDIR)/usr/lib/nvdla-dkms $(addprefix $(DESTDIR)/etc/kernel/,postinst.d header_postinst.d)
	cp -r Kbuild kernel uapi $(dkms-src)
	rm -r $(dkms-src)/kernel/tests $(dkms-src)/kernel/core/host
	find $(dkms-src) ! -name '*.[ch]' ! -name Kbuild ! -name nvdla_probe ! -type d -delete
	sed 's|@VERSION@|$(version)|' packaging/dkms/dkms.conf.in > $(dkms-src)/dkms.conf
	sed 's|@VERSION@|$(version)|' packaging/dkms/build.in > $(DESTDIR)/usr/lib/nvdla-dkms/build
	chmod 755 $(DESTDIR)/usr/lib/nvdla-dkms/build
	install packaging/dkms/hook $(DESTDIR)/etc/kernel/postinst.d/nvdla-dkms
	install packaging/dkms/hook $(DESTDIR)/etc/kernel/header_postinst.d/nvdla-dkms
