# shellcheck shell=bash disable=SC2154,SC2034,SC2100,SC2164
# A Docker Engine that answers: started through systemd where that runs, else by ourselves, detached.

dockerd_log=/var/log/dockerd.log

docker_version() { as_root docker version --format '{{.Server.Version}}' 2>/dev/null; }

ensure_docker() {
  local version
  if ! version=$(docker_version); then
    if [[ -d /run/systemd/system ]]; then
      step 'starting Docker' start_docker_unit
    else
      step 'starting Docker' start_dockerd
    fi
    version=$(docker_version)
  fi
  ok "Docker Engine $version"
}

start_docker_unit() {
  as_root systemctl start docker || {
    as_root journalctl -u docker -n 20 --no-pager
    return 1
  }
}

start_dockerd() {
  as_root bash -c "$(declare -f mount_cgroups allow_nested_cgroups forget_stale_pid spawn_dockerd); mount_cgroups; allow_nested_cgroups; forget_stale_pid; spawn_dockerd $dockerd_log"
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    docker_version >/dev/null && return 0
    pgrep -x dockerd >/dev/null || ((tries < 10)) || break
    sleep 0.2
  done
  echo "dockerd does not answer; the end of $dockerd_log:"
  as_root tail -n 20 "$dockerd_log"
  return 1
}

# A machine without an init of its own (a container) may lack what systemd would have mounted.
mount_cgroups() {
  grep -q ' /sys/fs/cgroup' /proc/mounts && return 0
  if grep -qsw memory /proc/cgroups && mount -t cgroup2 cgroup2 /sys/fs/cgroup; then
    grep -qw memory /sys/fs/cgroup/cgroup.controllers && return 0
    umount /sys/fs/cgroup
  fi
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  local controller
  while read -r controller; do
    mkdir -p "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" || rmdir "/sys/fs/cgroup/$controller"
  done < <(awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups)
}

# cgroups(7), "no internal processes": below a container's own root group nothing can be limited while processes sit in it.
# (The root group of a machine has no cgroup.type, and is exempt.)
allow_nested_cgroups() {
  local top=/sys/fs/cgroup
  [[ -e $top/cgroup.controllers && -e $top/cgroup.type ]] || return 0
  mkdir -p $top/init
  xargs -rn1 <$top/cgroup.procs >$top/init/cgroup.procs 2>/dev/null || true
  sed -e 's/ / +/g' -e 's/^/+/' <$top/cgroup.controllers >$top/cgroup.subtree_control
}

# dockerd refuses to start while the process of its pid file exists, whatever that process is by now.
forget_stale_pid() {
  local file pid
  for file in /var/run/docker.pid /var/run/docker/containerd/containerd.pid; do
    pid=$(cat "$file" 2>/dev/null) || continue
    grep -qsE '^(dockerd|containerd)$' "/proc/$pid/comm" || rm -f "$file"
  done
}

spawn_dockerd() {
  setsid dockerd >>"$1" 2>&1 </dev/null &
}
