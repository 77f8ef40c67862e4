// A helper of the scripts: what the journal is to a service of systemd's. Runs PROGRAM ARGUMENTS... with a pipe as its
// stderr that JOURNAL_STREAM names, and prints what comes out of it.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  int ends[2];
  struct stat status {};
  if (argc < 2 || ::pipe(ends) != 0 || ::fstat(ends[1], &status) != 0) return 3;
  const std::string name = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("JOURNAL_STREAM", name.c_str(), 1);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::execv(argv[1], argv + 1);
    std::_Exit(127);
  }
  ::close(ends[1]);
  char text[4096];
  for (ssize_t size = ::read(ends[0], text, sizeof text); size > 0; size = ::read(ends[0], text, sizeof text)) {
    [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, text, static_cast<std::size_t>(size));
  }
  int result = 0;
  ::waitpid(child, &result, 0);
  return WIFEXITED(result) ? WEXITSTATUS(result) : 1;
}
