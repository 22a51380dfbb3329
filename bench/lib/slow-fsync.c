/* Loaded before libc: makes fsync and fdatasync last longer, as on a disk without a battery behind its cache. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int slowly(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  const char *microseconds = getenv("SLOW_FSYNC_US");
  if (microseconds != NULL) usleep((useconds_t)atoi(microseconds));
  return real(fd);
}

int fsync(int fd) { return slowly("fsync", fd); }
int fdatasync(int fd) { return slowly("fdatasync", fd); }
