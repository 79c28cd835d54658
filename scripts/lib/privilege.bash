# shellcheck shell=bash disable=SC2154,SC2034,SC2100,SC2164
# Who runs a script, and how it does what only root may. Packages, Docker and the platform itself need root;
# node_modules and dist belong to whoever owns the clone.

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# Asks once, and before anything slow: sudo's question must not come in the middle of a step whose output is hidden.
ensure_root_rights() {
  ((EUID != 0)) || return 0
  command -v sudo >/dev/null ||
    die "This needs root: packages, Docker and the sites' own users" "become root, or have an administrator install sudo for you"
  sudo -n true 2>/dev/null && return 0
  [[ -t 0 ]] || die "This needs root, and sudo asks for a password where nobody can type one" "run it in a terminal, or as root"
  note "Packages, Docker and the sites' own users need root: sudo may ask for your password."
  sudo -v || die "sudo does not let $(id -un) become root" "ask an administrator, or run this as root"
}

# as_owner COMMAND [ARG…]: as the owner of the clone, also under `sudo npm start`, so that the next run without sudo can write
as_owner() {
  local owner
  owner=$(stat -c %U "$root")
  if ((EUID != 0)) || [[ $owner == root || $owner == UNKNOWN ]]; then
    "$@"
  else
    runuser -u "$owner" -- env HOME="$(getent passwd "$owner" | cut -d: -f6)" "$@"
  fi
}

# exec_as_root COMMAND [ARG…]: replaces the script; what configures the platform survives sudo
exec_as_root() {
  ((EUID != 0)) || exec "$@"
  exec sudo --preserve-env="$(kept_variables)" -- "$@"
}

kept_variables() {
  compgen -e | grep -E '^(HOSTING_.*|NODE_ENV|NODE_EXTRA_CA_CERTS|NO_COLOR|FORCE_COLOR|CI|https?_proxy)$' | paste -sd,
}
