// The calls of the C library by which sftp-server, scp and rsync come to files, by every name that it has for them, with and without its
// checks: what is refused by its name, and what is done about links. On 64 bits there is one kind of offset.
#include "jail.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

// A call, and the same once more with the path `real` where the first one met a link that stays in its site.
#define THROUGH_LINKS(directory, path, follow_last, first, again) \
  char real[PATH_MAX]; \
  long result = first; \
  return result < 0 && stays(directory, path, follow_last, real) ? (again) : result

static int open_checked(int directory, const char *path, int flags, mode_t mode) {
  if ((flags & (O_ACCMODE | O_CREAT)) != O_RDONLY && is_refused(path)) return -1;
  int follow_last = (flags & O_NOFOLLOW) == 0 && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
  THROUGH_LINKS(directory, path, follow_last, syscall(SYS_openat, directory, path, flags, mode),
                syscall(SYS_openat, AT_FDCWD, real, flags, mode));
}

#define MODE_OF(flags, mode) \
  mode_t mode = 0; \
  if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) { \
    va_list list; \
    va_start(list, flags); \
    mode = va_arg(list, mode_t); \
    va_end(list); \
  }
#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    MODE_OF(flags, mode) \
    return open_checked(AT_FDCWD, path, flags, mode); \
  }
#define OPEN_AT(name) \
  int name(int directory, const char *path, int flags, ...) { \
    MODE_OF(flags, mode) \
    return open_checked(directory, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

int __open_2(const char *path, int flags) { return open_checked(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_checked(AT_FDCWD, path, flags, 0); }
int __openat_2(int directory, const char *path, int flags) { return open_checked(directory, path, flags, 0); }
int __openat64_2(int directory, const char *path, int flags) { return open_checked(directory, path, flags, 0); }

DIR *opendir(const char *path) {
  int folder = open_checked(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC, 0);
  return folder < 0 ? NULL : fdopendir(folder);
}

static int stat_at(int directory, const char *path, struct stat *found, int flags) {
  THROUGH_LINKS(directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0, syscall(SYS_newfstatat, directory, path, found, flags),
                syscall(SYS_newfstatat, AT_FDCWD, real, found, flags));
}
int stat(const char *path, struct stat *found) { return stat_at(AT_FDCWD, path, found, 0); }
int lstat(const char *path, struct stat *found) { return stat_at(AT_FDCWD, path, found, AT_SYMLINK_NOFOLLOW); }
int fstatat(int directory, const char *path, struct stat *found, int flags) { return stat_at(directory, path, found, flags); }

ssize_t readlink(const char *path, char *target, size_t size) {
  THROUGH_LINKS(AT_FDCWD, path, 0, syscall(SYS_readlinkat, AT_FDCWD, path, target, size),
                syscall(SYS_readlinkat, AT_FDCWD, real, target, size));
}

int chdir(const char *path) { THROUGH_LINKS(AT_FDCWD, path, 1, syscall(SYS_chdir, path), syscall(SYS_chdir, real)); }

int mkdirat(int directory, const char *path, mode_t mode) {
  if (is_refused(path)) return -1;
  THROUGH_LINKS(directory, path, 0, syscall(SYS_mkdirat, directory, path, mode), syscall(SYS_mkdirat, AT_FDCWD, real, mode));
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int mknodat(int directory, const char *path, mode_t mode, dev_t device) {
  return is_refused(path) ? -1 : syscall(SYS_mknodat, directory, path, mode, device);
}
int mknod(const char *path, mode_t mode, dev_t device) { return mknodat(AT_FDCWD, path, mode, device); }

int unlinkat(int directory, const char *path, int flags) {
  THROUGH_LINKS(directory, path, 0, syscall(SYS_unlinkat, directory, path, flags), syscall(SYS_unlinkat, AT_FDCWD, real, flags));
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

// Of two paths either may have met it.
static int both_stay(int from, const char *path, char *real_path, int to, const char *target, char *real_target) {
  if (!stays(from, path, 0, real_path)) return 0;
  errno = ELOOP;
  return stays(to, target, 0, real_target);
}

// renameat2(2) and linkat(2) take the same.
static int with_two(long call, int from, const char *path, int to, const char *target, unsigned flags) {
  char real_path[PATH_MAX], real_target[PATH_MAX];
  if (is_refused(target)) return -1;
  int result = syscall(call, from, path, to, target, flags);
  if (result == 0 || !both_stay(from, path, real_path, to, target, real_target)) return result;
  return syscall(call, AT_FDCWD, real_path, AT_FDCWD, real_target, flags);
}

int renameat2(int from, const char *path, int to, const char *target, unsigned flags) {
  return with_two(SYS_renameat2, from, path, to, target, flags);
}
int renameat(int from, const char *path, int to, const char *target) { return renameat2(from, path, to, target, 0); }
int rename(const char *path, const char *target) { return renameat2(AT_FDCWD, path, AT_FDCWD, target, 0); }

int linkat(int from, const char *path, int to, const char *target, int flags) {
  return with_two(SYS_linkat, from, path, to, target, flags);
}
int link(const char *path, const char *target) { return linkat(AT_FDCWD, path, AT_FDCWD, target, 0); }

int symlinkat(const char *text, int directory, const char *path) {
  if (is_refused(path)) return -1;
  THROUGH_LINKS(directory, path, 0, syscall(SYS_symlinkat, text, directory, path), syscall(SYS_symlinkat, text, AT_FDCWD, real));
}
int symlink(const char *text, const char *path) { return symlinkat(text, AT_FDCWD, path); }

int chmod(const char *path, mode_t mode) {
  THROUGH_LINKS(AT_FDCWD, path, 1, syscall(SYS_fchmodat, AT_FDCWD, path, mode), syscall(SYS_fchmodat, AT_FDCWD, real, mode));
}

int truncate(const char *path, off_t length) {
  THROUGH_LINKS(AT_FDCWD, path, 1, syscall(SYS_truncate, path, length), syscall(SYS_truncate, real, length));
}

int utimensat(int directory, const char *path, const struct timespec times[2], int flags) {
  THROUGH_LINKS(directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0, syscall(SYS_utimensat, directory, path, times, flags),
                syscall(SYS_utimensat, AT_FDCWD, real, times, flags));
}
int utimes(const char *path, const struct timeval given[2]) {
  struct timespec times[2];
  for (int i = 0; given != NULL && i < 2; i++)
    times[i] = (struct timespec){given[i].tv_sec, given[i].tv_usec * 1000};
  return utimensat(AT_FDCWD, path, given == NULL ? NULL : times, 0);
}
