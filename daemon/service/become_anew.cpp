#include "daemon/service/become_anew.h"

#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace fohd {

void become_anew() noexcept {
  std::ifstream stream("/proc/self/cmdline", std::ios::binary);
  std::string words((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  std::vector<char*> arguments;
  for (std::size_t at = 0; at < words.size(); at += std::string_view(words.data() + at).size() + 1) {
    arguments.push_back(words.data() + at);
  }
  arguments.push_back(nullptr);
  std::error_code unknown;
  std::string program = std::filesystem::read_symlink("/proc/self/exe", unknown).string();
  constexpr std::string_view kReplaced = " (deleted)";  // an upgrade has put another there
  if (program.ends_with(kReplaced)) program.resize(program.size() - kReplaced.size());
  constexpr unsigned kFirst = STDERR_FILENO + 1;
  ::close_range(kFirst, ~0U, CLOSE_RANGE_CLOEXEC);
  ::execv(program.c_str(), arguments.data());  // by its own name, which the process then has
  ::execv("/proc/self/exe", arguments.data());
}

}  // namespace fohd
