# shellcheck shell=bash
# Tests mount sites by sshfs. Where nothing makes the node of FUSE (a container has no devtmpfs), it is made here.
ensure_fuse() {
  [[ -e /dev/fuse ]] || as_root mknod -m 666 /dev/fuse c 10 229
}
