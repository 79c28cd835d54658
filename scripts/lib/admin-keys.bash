# shellcheck shell=bash disable=SC2154
# The caller's own public SSH keys, for the first admin: ~/.ssh/*.pub and what a running agent holds.
# Leaves out what the gateway cannot check: certificates, FIDO keys and DSA.

# collect_admin_keys FILE [with-authorized-keys]: no file is made where there is no key.
# (On a server the key of whoever installs is the one they came in with.)
collect_admin_keys() {
  local keys all
  all=$(public_keys "${2:-}")
  keys=$(awk '$1 ~ /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521))$/ && !seen[$2]++' <<<"$all")
  rm -f "$1"
  if [[ -z $keys ]] && grep -q '^sk-' <<<"$all"; then
    note 'Your SSH key lives on a security token (sk-…), which the gateway cannot check yet: ssh-keygen -t ed25519 makes another one'
  fi
  [[ -z $keys ]] || printf '%s\n' "$keys" >"$1"
}

# Under sudo the caller is who typed sudo.
public_keys() {
  local home=${HOME:-/nonexistent}
  [[ -z ${SUDO_USER:-} ]] || home=$(getent passwd "$SUDO_USER" | cut -d: -f6)
  cat "$home"/.ssh/*.pub 2>/dev/null || true
  [[ $1 != with-authorized-keys ]] || cat "$home/.ssh/authorized_keys" 2>/dev/null || true
  [[ -z ${SSH_AUTH_SOCK:-} ]] || timeout 2 ssh-add -L 2>/dev/null || true
}
