/* Preloaded: fsync and fdatasync fail, as on a disk that has lost a write, as soon as the file FSYNC_FAILS_WHEN exists. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(void) {
  const char *when = getenv("FSYNC_FAILS_WHEN");
  return when != NULL && access(when, F_OK) == 0;
}

static int call(long number, int descriptor) {
  if (!fails()) return (int)syscall(number, descriptor);
  errno = EIO;
  return -1;
}

int fsync(int descriptor) { return call(SYS_fsync, descriptor); }
int fdatasync(int descriptor) { return call(SYS_fdatasync, descriptor); }
