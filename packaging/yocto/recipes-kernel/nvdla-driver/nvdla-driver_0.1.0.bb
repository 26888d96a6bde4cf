# SPDX-License-Identifier: MIT
SUMMARY = "Linux driver for NVDLA accelerators"
LICENSE = "GPL-2.0-only"
LIC_FILES_CHKSUM = "file://LICENSES/GPL-2.0-only.txt;md5=b234ee4d69f5fce4486a80fdaf4a4263"

inherit module externalsrc
EXTERNALSRC = "${NVDLA_TREE}"
# The kernel's build writes beside the sources.
EXTERNALSRC_BUILD = "${NVDLA_TREE}"

do_compile() {
    oe_runmake -C ${STAGING_KERNEL_BUILDDIR} M=${S} KERNEL_SRC=${STAGING_KERNEL_DIR} modules
}

do_install() {
    oe_runmake -C ${STAGING_KERNEL_BUILDDIR} M=${S} INSTALL_MOD_PATH=${D}${root_prefix} modules_install
}
