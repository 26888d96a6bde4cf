#!/bin/sh
# SPDX-License-Identifier: MIT
#
# In the guest, on a board that adjust has made: the driver is loaded, that of the board not yet. TAP.
board=/sys/kernel/debug/npu-board
failed=0

check() { # NAME CONDITION...
	name=$1
	shift
	if "$@"; then
		echo "ok - $name"
	else
		failed=1
		echo "not ok - $name"
		for file in "$board"/*; do
			echo "# ${file##*/} $(cat "$file")"
		done
	fi
}

is() {
	[ "$(cat "$board/$1")" = "$2" ]
}

# The load comes and goes, and the speed follows it.
reaches() {
	for i in $(seq 150); do
		is "$@" && return 0
		usleep 100000
	done
	return 1
}

stays() {
	for i in $(seq 20); do
		is "$@" || return 1
		usleep 100000
	done
}

same() {
	[ "$(cat "$board/$1")" -gt 0 ] && [ "$(cat "$board/$1")" = "$(cat "$board/$2")" ]
}

no_node() {
	! [ -e /dev/accel/accel0 ] && ! [ -e /dev/dri/renderD128 ]
}

quiet() {
	! dmesg | grep -iE 'nvdla.*(cannot|error|failed)' | grep -v verification
}

check "without its clock the device waits" no_node
check "and says nothing" quiet
insmod /modules/npu_board.ko
sleep 2
check "it comes with its clock" eval '! no_node'
/tests/life many_processes | sed 's/^/# /'
sleep 1
check "clock off when idle" same enabled disabled
check "first power domain off when idle" same on0 off0
check "second power domain off when idle" same on1 off1

speed=$(echo /sys/class/devfreq/*npu*)
check "speeds from the operating points" [ "$(cat "$speed/available_frequencies")" = "50000000 100000000" ]

# load: until it is killed
load() {
	while :; do
		/tests/life many_processes >/dev/null
	done &
	load=$!
	sleep 3
}

unload() {
	kill $load
	killall life 2>/dev/null
	wait $load 2>/dev/null
	sleep 1
}

echo 50000000 >"$speed/max_freq"
load
check "not faster than allowed" stays rate 50000000
echo 100000000 >"$speed/max_freq"
check "fast under load" reaches rate 100000000
for cooling in /sys/class/thermal/cooling_device*; do
	grep -q devfreq "$cooling/type" && break
done
echo "# $(cat "$cooling/type"), $(cat "$cooling/max_state") steps"
cat "$cooling/max_state" >"$cooling/cur_state"
sleep 1
check "slower when it is hot" stays rate 50000000
echo 0 >"$cooling/cur_state"
check "and fast again" reaches rate 100000000
unload
rmmod nvdla
check "clock off without the driver" same enabled disabled
check "power off without the driver" same on0 off0
insmod /modules/nvdla.ko
check "works again" sh -c "/tests/life many_processes >/dev/null"
exit $failed
