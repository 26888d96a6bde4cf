#!/bin/sh
# SPDX-License-Identifier: MIT
#
# rounds.sh FILE.ko ROUNDS - load and unload the driver while programs use it. An open device keeps it
# loaded, so each round ends with them being killed; every other one takes the device away before. Prints
# TAP.
module=$1
rounds=$2
here=$(dirname "$0")
. "$here/log.sh"

kib() {
	sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo
}

log_begin rounds
status=0
i=0
while [ $i -lt "$rounds" ]; do
	i=$((i + 1))
	"$here/life" many_processes >/dev/null 2>&1 &
	first=$!
	"$here/submit" >/dev/null 2>&1 &
	second=$!
	usleep $((20000 + i * 7919 % 90000))
	if [ $((i % 2)) = 1 ]; then
		for link in /sys/bus/platform/drivers/nvdla/*npu*; do
			echo "${link##*/}" >/sys/bus/platform/drivers/nvdla/unbind
		done
	fi
	killall -9 life submit 2>/dev/null
	wait $first $second 2>/dev/null
	tries=0
	until rmmod nvdla 2>/dev/null; do
		tries=$((tries + 1))
		if [ $tries -gt 600 ]; then
			grep '^nvdla ' /proc/modules | sed 's/^/# /'
			ps | grep -E '[l]ife|[s]ubmit' | sed 's/^/# /'
			echo "not ok - round $i: the driver can be unloaded"
			exit 1
		fi
		usleep 50000
		# Who was just being forked has escaped.
		killall -9 life submit 2>/dev/null
	done
	if ! insmod "$module"; then
		echo "not ok - round $i: the driver can be loaded"
		exit 1
	fi
	# The first rounds fill the kernel's own caches.
	if [ $i -eq 5 ]; then
		cma=$(kib CmaFree)
		slab=$(kib SUnreclaim)
	fi
	[ $((i % 100)) -ne 0 ] || echo "# $i rounds; SUnreclaim $slab -> $(kib SUnreclaim) KiB"
done
usleep 500000
echo "# $rounds rounds; CmaFree $cma -> $(kib CmaFree) KiB, SUnreclaim $slab -> $(kib SUnreclaim) KiB"
[ $((cma - $(kib CmaFree))) -lt 512 ] || status=1
[ $(($(kib SUnreclaim) - slab)) -lt $((1024 + rounds)) ] || status=1
[ $status = 0 ] && echo "ok - $rounds rounds of loading and unloading" ||
	echo "not ok - $rounds rounds of loading and unloading"
log_result rounds || status=1
exit $status
