# SPDX-License-Identifier: MIT
SUMMARY = "Headers that read pictures, among other things"
HOMEPAGE = "https://github.com/nothings/stb"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=fb994481c55623ef338885280e676f3b"

# What Debian 12 and Buildroot have.
SRCREV = "8b5f1f37b5b75829fc72d38e7b5d4bcbf8a26d55"
PV = "0.0+git"
SRC_URI = "git://github.com/nothings/stb.git;protocol=https;branch=master;destsuffix=stb"
S = "${@d.getVar('UNPACKDIR') or d.getVar('WORKDIR')}/stb"

inherit allarch

do_install() {
    install -d ${D}${includedir}/stb
    install -m 644 ${S}/*.h ${D}${includedir}/stb
}

# There are headers, no more.
ALLOW_EMPTY:${PN} = "1"
