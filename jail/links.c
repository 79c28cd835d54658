// No link is followed in a jail: the kernel is told so for every mount, for what one site holds must not lead whoever uploads to it into
// another of theirs. A link that stays in its site is worked out here, by reading it, and the call that met it is made once more with the
// path that it stands for. What is swapped meanwhile is met by the kernel again.
#include "jail.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// As many as the kernel follows (path_resolution(7)).
enum { most_links = 40 };

// The length of `/site`, or of `/.releases/site/7`: what stands there is one version of one site.
static size_t site_in(const char *path) {
  static const char releases[] = "/.releases/";
  int names = strncmp(path, releases, sizeof releases - 1) == 0 ? 3 : 1;
  const char *end = path;
  for (; names > 0 && *end != 0; names--) end += 1 + strcspn(end + 1, "/");
  return end - path;
}

static void pop(char *path) {
  char *slash = strrchr(path, '/');
  if (slash != NULL) *slash = 0;
}

static int too_long(void) {
  errno = ENAMETOOLONG;
  return 0;
}

// Puts the target of a link in front of what is left of a path.
static int prepend(char *rest, const char *target, size_t length) {
  size_t left = strlen(rest);
  if (length + 1 + left >= PATH_MAX) return too_long();
  memmove(rest + length + 1, rest, left + 1);
  memcpy(rest, target, length);
  rest[length] = '/';
  // A slash at the end would ask for a folder.
  if (left == 0) rest[length] = 0;
  return 1;
}

// One path without links, from the root of the jail. `site` is where the first link was met.
static int resolve(char *rest, int follow_last, char *real, char *site) {
  char target[PATH_MAX];
  for (int links = 0; *rest != 0;) {
    size_t length = strcspn(rest, "/");
    char *next = rest + length + strspn(rest + length, "/");
    int is_last = *next == 0 && rest[length] == 0;
    int is_name = length > 0 && !(length == 1 && rest[0] == '.');
    if (length == 2 && memcmp(rest, "..", 2) == 0) {
      pop(real);
      is_name = 0;
    }
    size_t above = strlen(real);
    if (is_name) {
      if (above + 1 + length >= PATH_MAX) return too_long();
      real[above] = '/';
      memcpy(real + above + 1, rest, length);
      real[above + 1 + length] = 0;
    }
    memmove(rest, next, strlen(next) + 1);
    ssize_t size = is_name && (!is_last || follow_last) ? syscall(SYS_readlinkat, AT_FDCWD, real, target, sizeof target) : -1;
    if (size <= 0) continue;
    if (++links > most_links) {
      errno = ELOOP;
      return 0;
    }
    if (*site == 0) memcpy(site, real, site_in(real)), site[site_in(real)] = 0;
    real[*target == '/' ? 0 : above] = 0;
    if (!prepend(rest, target, size)) return 0;
  }
  return 1;
}

int stays(int directory, const char *path, int follow_last, char *real) {
  char rest[PATH_MAX], site[PATH_MAX] = "";
  if (!entered || errno != ELOOP || (directory != AT_FDCWD && *path != '/')) return 0;
  if (strlen(path) >= PATH_MAX) return 0;
  strcpy(rest, path);
  if (*path == '/') *real = 0;
  else if (getcwd(real, PATH_MAX) == NULL) return 0;
  else if (strcmp(real, "/") == 0) *real = 0;
  if (!resolve(rest, follow_last, real, site)) return 0;
  size_t length = strlen(site);
  if (strncmp(real, site, length) == 0 && (length == 0 || real[length] == 0 || real[length] == '/')) return 1;
  errno = EACCES;
  return 0;
}
