// A helper of the scripts: stops the main thread of a process, and only that one, as an endless loop in it would.
//   hang_thread PID
// Ends when the process does.
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

int main(int argc, char** argv) {
  const pid_t process = argc == 2 ? std::atoi(argv[1]) : 0;
  if (process <= 0 || ::ptrace(PTRACE_SEIZE, process, nullptr, nullptr) != 0 ||
      ::ptrace(PTRACE_INTERRUPT, process, nullptr, nullptr) != 0) {
    std::fprintf(stderr, "hang_thread PID: %s\n", std::strerror(errno));
    return 1;
  }
  int status = 0;
  while (::waitpid(process, &status, __WALL) == process && !WIFEXITED(status) && !WIFSIGNALED(status)) {
  }
  return 0;
}
