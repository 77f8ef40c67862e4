// A helper of the scripts: becomes a program that has signals waiting for it from its first instruction on.
//   with_pending SIGNALS PROGRAM ARGUMENTS...
// SIGNALS are numbers with commas between. They stay blocked until the program lets them in.
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "with_pending SIGNALS PROGRAM ARGUMENTS...\n");
    return 1;
  }
  sigset_t waiting;
  sigemptyset(&waiting);
  for (const char* word = argv[1]; word != nullptr; word = std::strchr(word, ',')) {
    if (*word == ',') ++word;
    const int signal = std::atoi(word);
    // A shell starts what runs in its background with some of them ignored: these would not wait, they would be lost.
    std::signal(signal, SIG_DFL);
    sigaddset(&waiting, signal);
    sigprocmask(SIG_BLOCK, &waiting, nullptr);
    std::raise(signal);
  }
  execv(argv[2], argv + 2);
  std::fprintf(stderr, "with_pending: %s: %s\n", argv[2], std::strerror(errno));
  return 127;
}
