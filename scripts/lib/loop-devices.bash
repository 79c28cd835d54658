# shellcheck shell=bash
# Storage of sites is mounted by loop devices. Where nothing makes their nodes (a container has no devtmpfs), they are made here.
ensure_loop_devices() {
  local n
  [[ -e /dev/loop-control ]] && return 0
  grep -qs ' loop$' /proc/devices || return 0
  as_root mknod -m 600 /dev/loop-control c 10 237 || return 0
  for ((n = 0; n < 128; n++)); do
    [[ -e /dev/loop$n ]] || as_root mknod -m 660 "/dev/loop$n" b 7 "$n" || return 0
  done
}
