// Preloaded into sftp-server, scp and rsync, which bubblewrap starts among their libraries: when those are loaded and before the program reads
// a byte, it mounts the sites and their storage, gives up its user and its rights, and takes the tree of sites for its root. From then on
// nothing of the machine has a name in there, not even the libraries that it runs on (docs/why/190-sftp.md).
#include "jail.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// By number: older C libraries lack the functions. The same on all architectures.
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 0x04
#define MOVE_MOUNT_T_EMPTY_PATH 0x40
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif

struct attributes {
  uint64_t set, clear, propagation, userns;
};

// Whom files here belong to, and whom the session becomes; user 0: who it is already.
struct owner {
  unsigned long user, group;
};

int entered;
int reports = -1;
static char account[64] = "you";
// The platform's home, and what is to be the root: while the door is open.
static int platform = -1, tree = -1;

static void fail(const char *what) {
  dprintf(2, "✗ The jail could not be closed: %s: %s\n", what, strerror(errno));
  _exit(125);
}

static void limit(int resource, const char *name) {
  const char *text = getenv(name);
  if (text == NULL) return;
  rlim_t most = strtoull(text, NULL, 10);
  struct rlimit both = {most, most};
  if (setrlimit(resource, &both) != 0) fail(name);
}

// Of what tenants write in no link is ever followed, whatever they put in the way meanwhile.
static int open_below(int directory, const char *path, uint64_t flags) {
  struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  return syscall(SYS_openat2, directory, path, &how, sizeof how);
}

static void give(int parent, const char *name, struct owner here) {
  if (here.user != 0 && fchownat(parent, name, here.user, here.group, AT_SYMLINK_NOFOLLOW) != 0) fail(name);
}

static void make_folder(int parent, const char *name, struct owner here) {
  if (parent >= 0 && mkdirat(parent, name, 0755) == 0) give(parent, name, here);
}

static void make_file(int parent, const char *name, struct owner here) {
  int file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0) return;
  close(file);
  give(parent, name, here);
}

// Makes what a mount needs below it: its folders, and itself.
static int open_target(char *path, int is_folder, struct owner here) {
  for (char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    char *last = strrchr(path, '/');
    if (last != NULL) *last = 0;
    int parent = last == NULL ? dup(tree) : open_below(tree, path, O_PATH | O_DIRECTORY);
    if (last != NULL) *last = '/';
    make_folder(parent, last == NULL ? path : last + 1, here);
    if (parent >= 0) close(parent);
    *slash = '/';
  }
  char *last = strrchr(path, '/');
  if (last != NULL) *last = 0;
  int parent = last == NULL ? dup(tree) : open_below(tree, path, O_PATH | O_DIRECTORY);
  if (last != NULL) *last = '/';
  if (parent < 0) return -1;
  const char *name = last == NULL ? path : last + 1;
  if (is_folder) make_folder(parent, name, here);
  else make_file(parent, name, here);
  close(parent);
  return open_below(tree, path, O_PATH | (is_folder ? O_DIRECTORY : 0));
}

static void write_file(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text)) fail(path);
  close(file);
}

// A user namespace in which one user of the file system stands for another one outside (mount_setattr(2), "ID-mapped mounts").
static int map_user(unsigned long on_disk, struct owner here) {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) fail("pipe");
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) {
    if (unshare(CLONE_NEWUSER) != 0) _exit(1);
    if (write(ready[1], "", 1) != 1) _exit(1);
    for (;;) pause();
  }
  char byte;
  close(ready[1]);
  if (read(ready[0], &byte, 1) != 1) fail("a user namespace");
  close(ready[0]);
  char path[64], line[64];
  for (int group = 0; group < 2; group++) {
    snprintf(line, sizeof line, "%lu %lu 1\n", on_disk, group ? here.group : here.user);
    snprintf(path, sizeof path, "/proc/%d/%s", child, group ? "gid_map" : "uid_map");
    write_file(path, line);
  }
  snprintf(path, sizeof path, "/proc/%d/ns/user", child);
  int made = open(path, O_RDONLY | O_CLOEXEC);
  if (made < 0) fail(path);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return made;
}

// One line: a folder below the platform's home, a PATH in there, the place below the tree, `d` or `f`, `rw` or `ro`, the number of the user on
// disk (0: as it is), separated by tabs.
static void mount_one(char *line, struct owner here) {
  char *fields[6];
  for (int i = 0; i < 6; i++) fields[i] = strtok_r(i == 0 ? line : NULL, "\t", &line);
  if (fields[5] == NULL) fail("a line of mounts");
  int is_folder = fields[3][0] == 'd';
  int folder = open_below(platform, fields[0], O_PATH | O_DIRECTORY);
  int source = folder < 0 ? -1 : open_below(folder, fields[1], O_PATH | (is_folder ? O_DIRECTORY : 0));
  // Closed to whoever this is: so is what stands in its place, or an upload would go where nobody looks for it.
  if (folder >= 0 && source < 0 && errno == EACCES && is_folder) source = dup(folder);
  int target = source < 0 ? -1 : open_target(fields[2], is_folder, here);
  if (folder >= 0) close(folder);
  // Either of the two sides has something else there: it is left out, and what is in the way is seen.
  if (source < 0 || target < 0) return;
  int copy = syscall(SYS_open_tree, source, "", OPEN_TREE_CLONE | AT_EMPTY_PATH | O_CLOEXEC);
  if (copy < 0) fail("open_tree");
  struct attributes attributes = {.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSYMFOLLOW};
  if (strcmp(fields[4], "ro") == 0) attributes.set |= MOUNT_ATTR_RDONLY;
  unsigned long on_disk = strtoul(fields[5], NULL, 10);
  if (on_disk != 0) {
    attributes.set |= MOUNT_ATTR_IDMAP;
    attributes.userns = map_user(on_disk, here);
  }
  if (syscall(SYS_mount_setattr, copy, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
    // A file system that knows no mapping: its files stay those of the site, and are refused to all others.
    attributes.set &= ~MOUNT_ATTR_IDMAP;
    if (syscall(SYS_mount_setattr, copy, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) fail("mount_setattr");
  }
  if (syscall(SYS_move_mount, copy, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0) fail("move_mount");
  if (on_disk != 0) close(attributes.userns);
  close(copy);
  close(source);
  close(target);
}

static void set_capabilities(uint64_t wanted) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {0};
  for (int i = 0; i < 2; i++) data[i].effective = data[i].permitted = (uint32_t)(wanted >> (32 * i));
  if (syscall(SYS_capset, &header, data) != 0) fail("capset");
}

// JAIL_MOUNTS_0, JAIL_MOUNTS_1, …: lines, as many as a variable holds.
static void mount_all(struct owner here) {
  if ((platform = open("/platform", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) fail("/platform");
  if ((tree = open("/tree", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) fail("/tree");
  char name[32];
  for (int n = 0;; n++) {
    snprintf(name, sizeof name, "JAIL_MOUNTS_%d", n);
    const char *lines = getenv(name);
    if (lines == NULL) break;
    char *copy = strdup(lines), *rest = copy;
    if (copy == NULL) fail(name);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
      if (*line != 0) mount_one(line, here);
    free(copy);
  }
  close(platform);
  close(tree);
}

// Root becomes the user of uploads, in a user namespace of its own. (And in a network without an interface: bubblewrap would set one up.)
static void become(struct owner here) {
  if (unshare(CLONE_NEWNET) != 0) fail("a network");
  prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
  if (setgroups(0, NULL) != 0 || setresgid(here.group, here.group, here.group) != 0 || setresuid(here.user, here.user, here.user) != 0)
    fail("setresuid");
  // Where only root may make one (a setting of some systems), what is left of root's rights goes all the same, a few lines below.
  if (unshare(CLONE_NEWUSER) != 0) set_capabilities(1ULL << CAP_SYS_CHROOT);
  // A change of user hides the descriptors from a platform that is this very user; it looks which files are open.
  syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static unsigned long number(const char *name) {
  const char *text = getenv(name);
  return text == NULL ? 0 : strtoul(text, NULL, 10);
}

static void enter(void) {
  const char *name = getenv("JAIL_ACCOUNT"), *report = getenv("JAIL_READY");
  struct owner here = {number("JAIL_USER"), number("JAIL_GROUP")};
  entered = 1;
  if (name != NULL) snprintf(account, sizeof account, "%s", name);
  mount_all(here);
  int ready = report == NULL ? -1 : atoi(report);
  if (here.user != 0) become(here);
  if (chroot("/tree") != 0 || chdir("/") != 0) fail("chroot");
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  set_capabilities(0);
  limit(RLIMIT_NOFILE, "JAIL_FILES");
  limit(RLIMIT_AS, "JAIL_MEMORY");
  limit(RLIMIT_FSIZE, "JAIL_FILE_SIZE");
  limit(RLIMIT_CORE, "JAIL_CORE");
  // After the user namespace was made: there it counts this jail's processes alone.
  limit(RLIMIT_NPROC, "JAIL_PROCESSES");
  // A file over its limit is an error to the client (EFBIG), not the end of the session.
  signal(SIGXFSZ, SIG_IGN);
  // A change of user takes this back.
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  clearenv();
  if (ready >= 0 && (write(ready, "+\n", 2) != 2 || fcntl(ready, F_SETFD, FD_CLOEXEC) != 0)) fail("the door");
  reports = ready;
}

// The first that sftp-server and scp ask for, once they have opened /dev/null. There is one user in here.
struct passwd *getpwuid(uid_t user) {
  static struct passwd entry;
  // Who asks first asks for itself, by the number that it had a moment ago.
  if (entered && user != getuid()) return NULL;
  if (!entered) enter();
  entry = (struct passwd){account, "x", getuid(), getgid(), account, "/", "/"};
  return &entry;
}

// sftp-server hides its descriptors from others of its user; the platform looks which files are open. There is no /proc in here.
int prctl(int operation, ...) {
  va_list list;
  unsigned long words[4];
  va_start(list, operation);
  for (int i = 0; i < 4; i++) words[i] = va_arg(list, unsigned long);
  va_end(list);
  if (operation == PR_SET_DUMPABLE) return 0;
  return syscall(SYS_prctl, operation, words[0], words[1], words[2], words[3]);
}

// rsync asks for no user, and needs nothing more.
__attribute__((constructor)) static void enter_at_once(void) {
  if (getenv("JAIL_AT_ONCE") != NULL) enter();
}
