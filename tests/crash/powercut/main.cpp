// powercut MOUNTPOINT: a file system in memory that forgets what was not synced when its power is cut. Commands come in
// lines on standard input and are answered in lines on standard output:
//   cut                         the power goes: every operation fails from now on
//   cut-at N                    the same before the N-th change from now on
//   wait MILLIS                 answers "off" when the power went, "on" when it did not within that time
//   restore HOW SEED            mounts what survived; HOW: nothing, names, bytes, latest, some
//   fail KIND N ERROR [onwards] the N-th operation of the kind fails; 0: none
//   fail-on KIND PART N ERROR   the N-th operation of the kind on a path with this part fails; ERROR "cut": the power
//   goes count                       changes since cut-at, operations of the kind since fail, bytes of all files
//   capacity BYTES              0: without limit
//   read-only on|off
//   quit
#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <thread>

#include "operations.h"

namespace powercut {
namespace {

class Mount {
 public:
  Mount(Disk& disk, const std::string& point) {
    char name[] = "powercut", option[] = "-odefault_permissions,fsname=powercut";
    char* words[] = {name, option};
    fuse_args arguments = FUSE_ARGS_INIT(2, words);
    session_ = fuse_session_new(&arguments, &operations(), sizeof(fuse_lowlevel_ops), &disk);
    if (session_ == nullptr || fuse_session_mount(session_, point.c_str()) != 0) std::exit(1);
    thread_ = std::thread([this] { fuse_session_loop(session_); });
  }
  ~Mount() {
    fuse_session_unmount(session_);  // lazily: whoever has a file open may keep it, and gets errors
    fuse_session_exit(session_);
    thread_.join();
    fuse_session_destroy(session_);
  }
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;

 private:
  fuse_session* session_ = nullptr;
  std::thread thread_;
};

class Control {
 public:
  Control(Disk& disk, std::string point)
      : disk_(disk), point_(std::move(point)), mount_(std::make_unique<Mount>(disk_, point_)) {}

  /// The answer; empty: unknown.
  std::string run(std::istringstream& words) {
    std::string command;
    words >> command;
    if (command == "restore") return restore(words);
    std::unique_lock lock(disk_.mutex);
    if (command == "cut") {
      disk_.faults.cutNow();
      return "off";
    }
    if (command == "wait") {
      int millis = 0;
      words >> millis;
      bool off = disk_.off.wait_for(lock, std::chrono::milliseconds(millis), [&] { return disk_.faults.isOff(); });
      return off ? "off" : "on";
    }
    if (command == "count") {
      std::ostringstream numbers;
      numbers << disk_.faults.changes() << ' ' << disk_.faults.matches() << ' ' << disk_.image.used();
      return numbers.str();
    }
    return set(command, words);
  }

 private:
  std::string set(const std::string& command, std::istringstream& words) {
    if (command == "cut-at") {
      std::int64_t nth = 0;
      words >> nth;
      disk_.faults.cutAt(nth);
    } else if (command == "fail") {
      std::string kind, error, onwards;
      std::int64_t nth = 0;
      words >> kind >> nth >> error >> onwards;
      disk_.faults.failAt(kind, nth, errorNumber(error), onwards == "onwards");
    } else if (command == "fail-on") {
      std::string kind, part, error;
      std::int64_t nth = 0;
      words >> kind >> part >> nth >> error;
      disk_.faults.failOn(kind, part, nth, errorNumber(error));
    } else if (command == "capacity") {
      std::uint64_t bytes = 0;
      words >> bytes;
      disk_.capacity = bytes == 0 ? UINT64_MAX : bytes;
    } else if (command == "read-only") {
      std::string state;
      words >> state;
      disk_.faults.readOnly(state == "on");
    } else {
      return "";
    }
    return "done";
  }

  std::string restore(std::istringstream& words) {
    std::string how;
    std::uint64_t seed = 0;
    words >> how >> seed;
    mount_.reset();
    {
      std::lock_guard lock(disk_.mutex);
      Survivors survivors = how == "names"    ? Survivors::names
                            : how == "bytes"  ? Survivors::bytes
                            : how == "latest" ? Survivors::latest
                            : how == "some"   ? Survivors::some
                                              : Survivors::nothing;
      disk_.image.cut(survivors, seed);
      disk_.faults.restorePower();
      disk_.forgetAll();
    }
    mount_ = std::make_unique<Mount>(disk_, point_);
    return "mounted";
  }

  Disk& disk_;
  std::string point_;
  std::unique_ptr<Mount> mount_;
};

int serve(const std::string& point) {
  std::signal(SIGPIPE, SIG_IGN);
  Disk disk;
  Control control(disk, point);
  std::cout << "mounted" << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::istringstream words(line);
    std::string answer = control.run(words);
    std::cout << (answer.empty() ? "unknown command: " + line : answer) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace powercut

int main(int count, char** words) {
  if (count != 2) {
    std::cerr << "usage: powercut MOUNTPOINT\n";
    return 2;
  }
  return powercut::serve(words[1]);
}
