# SPDX-License-Identifier: MIT
# The kernel's log, for scripts that set $here to this folder and read this in.

log_count=0
splats=$(sed '/^#/d; s/	.*//' "$here/splats")

# log_begin NAME: what the kernel says from here on is NAME's.
log_begin() {
	log_count=$((log_count + 1))
	log_mark="kselftest $$ $log_count:"
	echo "$log_mark $1" >/dev/kmsg
}

# log_said: what it has said since then.
log_said() {
	dmesg | sed "1,\\|$log_mark|d"
}

# log_result NAME: a line of TAP; fails if the kernel said something that it says of mistakes only.
log_result() {
	log_bad=$(log_said | grep -E "$splats")
	if [ -z "$log_bad" ]; then
		echo "ok - kernel log of $1"
		return 0
	fi
	echo "$log_bad" | sed 's/^/# /'
	echo "not ok - kernel log of $1"
	return 1
}
