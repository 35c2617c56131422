// Preloaded into the server (LD_PRELOAD). POWERCUT_SYNC_LOG=FILE: appends a line for each fsync and fdatasync, the path
// and who called it: return addresses as offsets in the program, nearest first, or "sqlite". POWERCUT_SKIP_SYNC=CALLERS:
// a sync whose callers begin so is answered without effect, and is logged as "skipped".
#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { frames = 48, textBytes = 1024 };

static void path_of(int descriptor, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, size - 1);
  path[length < 0 ? 0 : length] = 0;
}

// SQLite's syncs differ by what they sync, not by where they are in its source.
static const char *sqlite_file(const char *path) {
  const char *dash = strrchr(path, '-');
  if (dash && !strcmp(dash, "-wal")) return "sqlite:log";
  if (dash && !strcmp(dash, "-journal")) return "sqlite:journal";
  const char *dot = strrchr(path, '.');
  return dot && strrchr(path, '/') < dot ? "sqlite:database" : "sqlite:folder";
}

static int in_program(void *address, unsigned long *offset, int *sqlite) {
  Dl_info info;
  struct link_map *map = NULL;
  if (!dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP)) return 0;
  if (info.dli_fname && strstr(info.dli_fname, "sqlite3")) *sqlite = 1;
  *offset = (unsigned long)address - (map ? map->l_addr : 0);
  return map && map->l_name[0] == 0;
}

static void callers_of(const char *path, char *text, size_t size) {
  void *found[frames];
  int count = backtrace(found, frames), sqlite = 0;
  size_t used = 0;
  text[0] = 0;
  for (int i = 0; i < count && used + 20 < size; ++i) {
    unsigned long offset = 0;
    int own = in_program(found[i], &offset, &sqlite);
    if (sqlite) {
      snprintf(text, size, "%s", sqlite_file(path));
      return;
    }
    if (own) used += (size_t)snprintf(text + used, size - used, "%lx,", offset);
  }
}

// `skip`: several beginnings separated by ';', or "folders" for all syncs of folders that the program makes itself.
static int is_skipped(const char *skip, const char *callers, int descriptor) {
  struct stat info;
  if (!strcmp(skip, "folders")) return callers[0] != 's' && fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode);
  while (*skip) {
    size_t length = strcspn(skip, ";");
    if (length && !strncmp(callers, skip, length)) return 1;
    skip += length + (skip[length] == ';');
  }
  return 0;
}

static int handle(int descriptor, long call) {
  const char *log = getenv("POWERCUT_SYNC_LOG"), *skip = getenv("POWERCUT_SKIP_SYNC");
  char path[textBytes], callers[textBytes], line[2 * textBytes + 32];
  path_of(descriptor, path, sizeof path);
  callers_of(path, callers, sizeof callers);
  int skips = skip && is_skipped(skip, callers, descriptor);
  if (log) {
    int file = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    int length = snprintf(line, sizeof line, "%s\t%s\t%s\n", skips ? "skipped" : "synced", callers, path);
    if (file >= 0 && write(file, line, (size_t)length) < 0) abort();
    if (file >= 0) close(file);
  }
  return skips ? 0 : (int)syscall(call, descriptor);
}

int fsync(int descriptor) { return handle(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return handle(descriptor, SYS_fdatasync); }
