#include <csignal>
#include <exception>
#include <iostream>

#include "daemon/fohctl/fohctl.h"

namespace {
fohd::Flag stop;
}

int main(int argc, char** argv) {
  // No SA_RESTART: Ctrl-C is to end a wait.
  struct sigaction action = {};
  action.sa_handler = [](int) { stop.raise(); };
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  try {
    return fohd::ctl::run({argv + 1, argv + argc}, std::cout, std::cerr, stop);
  } catch (const std::exception& error) {
    std::cerr << "fohctl: " << error.what() << "\n";
    return 2;
  }
}
