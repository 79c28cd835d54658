# shellcheck shell=bash disable=SC2154,SC2034,SC2100,SC2164
# Debian packages, installed when what they bring is missing: a program, or a file by its path.
# (Not by the package's name: a Docker Engine from its makers or an nginx of your own are just as good.)

platform_needs=(
  'dockerd docker.io'
  'iptables iptables'
  'nginx nginx'
  '/usr/lib/nginx/modules/ngx_http_brotli_static_module.so libnginx-mod-http-brotli-static'
  '/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so libnginx-mod-http-brotli-filter'
  'debootstrap debootstrap'
  '/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring'
  'mkfs.ext4 e2fsprogs'
  'losetup mount'
  'git git'
  'ssh-keygen openssh-client'
  '/usr/share/publicsuffix/public_suffix_list.dat publicsuffix'
  'nsupdate bind9-dnsutils'
)
# (pydoc3 stands for all of Python: python3-minimal has an interpreter too, but not the modules that node-gyp imports)
compiler_needs=('pydoc3 python3' 'make make' 'g++ g++')
test_needs=(
  '/usr/sbin/sshd openssh-server'
  'ssh-audit ssh-audit'
  'strace strace'
  'curl curl'
  'systemd-analyze systemd'
  'ps procps'
  'ip iproute2'
  'openssl openssl'
  'pebble pebble'
  '/usr/sbin/named bind9'
  'testssl testssl.sh'
)
bench_needs=('/usr/sbin/sshd openssh-server' 'wrk wrk' 'curl curl' 'php-fpm8.2 php8.2-fpm' 'pebble pebble')
# The same extensions as instances have: each takes its time of every request.
for extension in mysql/mysqli xml/dom mbstring/mbstring gd/gd intl/intl curl/curl zip/zip sqlite3/sqlite3 bcmath/bcmath soap/soap opcache/opcache; do
  bench_needs+=("/usr/share/php8.2-${extension%/*}/$extension.ini php8.2-${extension%/*}")
done
for extension in imagick apcu redis; do bench_needs+=("/etc/php/8.2/mods-available/$extension.ini php-$extension"); done

# Debian starts a server as soon as it is installed. These must not be: nginx would take port 80, sshd would open port 22.
quiet_services=(nginx:nginx.service openssh-server:ssh.service bind9:named.service php8.2-fpm:php8.2-fpm.service)

# ensure_packages NEED…: each need is 'PROGRAM-OR-PATH PACKAGE'
ensure_packages() {
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0
  command -v apt-get >/dev/null || die "Missing: ${missing[*]}" "this machine has no apt-get: install them by its own means"
  step "installing ${missing[*]}" install_packages "${missing[@]}"
}

missing_packages() {
  local need thing package
  for need in "$@"; do
    read -r thing package <<<"$need"
    is_there "$thing" || echo "$package"
  done
  # dockerd refuses to start a container on a kernel with AppArmor when its parser is missing
  [[ $* != *docker.io* ]] || command -v apparmor_parser >/dev/null || ! grep -qs Y /sys/module/apparmor/parameters/enabled || echo apparmor
}

# (Only a path is looked for as a file: the working directory has a folder nginx.)
is_there() {
  if [[ $1 == /* ]]; then [[ -e $1 ]]; else command -v "$1" >/dev/null; fi
}

install_packages() {
  local masked
  mapfile -t masked < <(services_to_mask "$@")
  ((${#masked[@]} == 0)) || as_root systemctl mask --runtime --quiet "${masked[@]}"
  apt update || echo 'apt-get update failed: trying with the lists that are there'
  apt install --yes --no-install-recommends "$@"
  ((${#masked[@]} == 0)) || as_root systemctl unmask --runtime --quiet "${masked[@]}"
  ((${#masked[@]} == 0)) || as_root systemctl disable --quiet "${masked[@]}"
}

# Only of packages that are being installed just now, so that a server somebody runs here is left alone.
services_to_mask() {
  local entry
  [[ -d /run/systemd/system ]] || return 0
  for entry in "${quiet_services[@]}"; do
    [[ " $* " != *" ${entry%%:*} "* ]] || echo "${entry#*:}"
  done
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@"
}
