// What Git, on any system, might take for `.git` (src/uploads/scan.ts) is never committed. Here its uploader is told so when it is made: a
// courtesy, and no wall. What is there already can be read and removed.
#include "jail.h"
#include <errno.h>
#include <string.h>

static int is_git_name(const char *name, size_t length) {
  const char *colon = memchr(name, ':', length);
  if (colon != NULL) length = colon - name;
  if (length == 5 && strncasecmp(name, "git~1", 5) == 0) return 1;
  if (length < 4 || strncasecmp(name, ".git", 4) != 0) return 0;
  for (size_t i = 4; i < length; i++)
    if (name[i] != '.' && name[i] != ' ') return 0;
  return 1;
}

int is_refused(const char *path) {
  if (!entered) return 0;
  for (const char *name = path;; name++) {
    size_t length = strcspn(name, "/");
    if (is_git_name(name, length)) {
      errno = EACCES;
      return 1;
    }
    name += length;
    if (*name == 0) return 0;
  }
}

