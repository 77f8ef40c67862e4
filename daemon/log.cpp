#include "daemon/log.h"

#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace fohd {
namespace {

constexpr std::size_t kRecentLines = 5;

std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt>& recent() {
  static auto sink = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(kRecentLines);
  return sink;
}

}  // namespace

void set_up_log(bool quiet_terminal) {
  std::vector<spdlog::sink_ptr> sinks{recent()};
  const bool meter_owns_stderr = quiet_terminal && ::isatty(STDOUT_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
  if (!meter_owns_stderr) sinks.push_back(std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  auto logger = std::make_shared<spdlog::logger>("fohd", sinks.begin(), sinks.end());
  logger->set_pattern("%H:%M:%S.%e %^%l%$: %v");
  const char* level = std::getenv("FOHD_LOG");
  logger->set_level(level != nullptr && std::strcmp(level, "debug") == 0 ? spdlog::level::debug : spdlog::level::info);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(logger);
}

std::vector<std::string> recent_log_lines() {
  std::vector<std::string> lines = recent()->last_formatted();
  for (std::string& line : lines) {
    while (!line.empty() && line.back() == '\n') line.pop_back();
  }
  return lines;
}

}  // namespace fohd
