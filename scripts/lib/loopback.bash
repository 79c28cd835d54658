# shellcheck shell=bash
# Tests speak IPv6 to the machine itself. A container's loopback often has it switched off.
ensure_ipv6_loopback() {
  local switch=/proc/sys/net/ipv6/conf/lo/disable_ipv6
  [[ -e $switch && $(<"$switch") != 0 ]] || return 0
  as_root tee "$switch" <<<0 >/dev/null
}
