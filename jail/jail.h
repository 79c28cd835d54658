// What the parts of the jail's library know of each other. None of it is seen by the program that it is loaded into.
#pragma once
#define _GNU_SOURCE
#include <stddef.h>

#pragma GCC visibility push(hidden)

// Since the door was closed.
extern int entered;
// Where the platform is told what was refused for want of room; it answers with a byte when it has looked at the file.
extern int reports;

// names.c: whether Git might take what is to be made for `.git`; errno says no.
int is_refused(const char *path);

// links.c: after a call that met a link. Where the link stays in its site, the path that it stands for is in `real`.
int stays(int directory, const char *path, int follow_last, char *real);

#pragma GCC visibility pop
