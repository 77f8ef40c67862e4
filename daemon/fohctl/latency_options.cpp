#include "daemon/fohctl/latency_options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "daemon/fohctl/session.h"

namespace fohd::ctl {

void add_latency_options(CLI::App& command, LatencyOptions& options) {
  command.add_option("--out", options.out, "JACK port that the impulses go into")->required();
  command.add_option("--in", options.in, "JACK port that is listened to")->required();
  command.add_option("--jack-server", options.server, "Name of the JACK server");
  command.add_option("--count", options.impulses, "How many impulses")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command.add_option("--level", options.level_db, "Of the impulse, in dBFS")
      ->capture_default_str()
      ->check(CLI::Range(-60.0, 0.0));
}

int become_fohd_latency(const LatencyOptions& options, std::ostream& err) {
  std::vector<std::string> words = {"fohd",    "latency",
                                    "--out",   options.out,
                                    "--in",    options.in,
                                    "--count", std::to_string(options.impulses),
                                    "--level", std::to_string(options.level_db)};
  if (!options.server.empty()) words.insert(words.end(), {"--jack-server", options.server});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::error_code unknown;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  ::execv((self.parent_path() / "fohd").c_str(), arguments.data());
  ::execvp("fohd", arguments.data());
  err << "fohctl: latency is measured by the program fohd, which is not here; call this on the desk's own machine\n";
  return kNoAnswer;
}

}  // namespace fohd::ctl
