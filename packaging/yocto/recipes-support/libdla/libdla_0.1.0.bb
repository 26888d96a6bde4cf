# SPDX-License-Identifier: MIT
SUMMARY = "Runs TensorFlow Lite networks on NVDLA accelerators"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSES/MIT.txt;md5=8d9c3d1100b3c20c2f9a7cbb34eb6b22"

inherit externalsrc pkgconfig python3native
EXTERNALSRC = "${NVDLA_TREE}"
EXTERNALSRC_BUILD = "${NVDLA_TREE}"

# stb is in this layer. There is no recipe for XNNPACK: the CPU's operations are the reference kernels'.
DEPENDS = "jansson libdrm libmd libnl stb zlib"

export NEED = "no"
# The tree's rules have no LDFLAGS of their own.
CFLAGS:append = " ${LDFLAGS}"
EXTRA_OEMAKE = "BUILD=${WORKDIR}/build HEADERS=${STAGING_INCDIR} XNNPACK= STB=headers prefix=${prefix} bindir=${bindir} libdir=${libdir} \
    includedir=${includedir} mandir=${mandir} udevdir=${nonarch_base_libdir}/udev V=1"

do_compile() {
    oe_runmake ${WORKDIR}/build/dla ${WORKDIR}/build/libdla.so.0 ${WORKDIR}/build/libnvdla-emu.so.0 \
        ${WORKDIR}/build/libdla_delegate.so
}

do_install() {
    oe_runmake DESTDIR=${D} install
}

PACKAGES =+ "dla-tools dla-delegate"
FILES:dla-tools = "${bindir} ${datadir}/bash-completion"
FILES:dla-delegate = "${libdir}/libdla_delegate.so"
FILES:${PN} += "${libdir}/libdla/libnvdla-emu.so.0 ${nonarch_base_libdir}/udev"
# A plugin that is loaded by this name.
FILES_SOLIBSDEV = "${libdir}/libdla.so"
INSANE_SKIP:dla-delegate = "dev-so"
