# shellcheck shell=bash disable=SC2154,SC2034,SC2100,SC2164
# What a person sees of a script: one line a step, the details in a log that is shown when the step fails.
# Refuses to hide anything: a step that fails ends the script with the last lines of its log.

[[ -t 1 ]] && tty=yes || tty=

ok() { printf '  ✓ %s\n' "$*"; }

note() { printf '    %s\n' "$*"; }

# die MESSAGE [LINE…]: says what is wrong and what to do about it, and ends
die() {
  printf '  ✗ %s\n' "$1" >&2
  shift
  (($# == 0)) || printf '    → %s\n' "$@" >&2
  exit 1
}

# step TITLE COMMAND [ARG…]: runs a command with its output in the log, its title and its time on the screen
step() {
  local title=$1 began=$SECONDS status
  shift
  printf '  … %s' "$title"
  [[ -n $tty ]] || echo
  # not in a condition: there `set -e` would be off inside the command
  set +e
  (
    set -e
    "$@"
  ) >>"$log" 2>&1 </dev/null 9<&-
  status=$?
  set -e
  [[ -z $tty ]] || printf '\r\033[K'
  ((status == 0)) || step_failed "$title" "$status"
  ok "$title ($((SECONDS - began)) s)"
}

step_failed() {
  tail -n 25 "$log" | sed 's/^/      /' >&2
  die "$1 failed with exit status $2" "all of its output: $log"
}
