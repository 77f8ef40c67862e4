#include "daemon/base/log.h"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>

#include "daemon/base/non_blocking_writer.h"
#include "engine/crossing/flag.h"

namespace fohd {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kRecentLines = 5;
constexpr std::size_t kQueueLines = 1024;  // far more than a start with every possible warning
constexpr auto kPatienceAtEnd = 1s;        // a terminal that stands still does not keep the desk from ending

std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt>& recent() {
  static auto sink = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(kRecentLines);
  return sink;
}

/// Raised when the log is to end: from then on no thread waits long for a reader.
Flag& ending() {
  static Flag flag;
  return flag;
}

const char* colour_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::warn:
      return "\033[1;33m";
    case spdlog::level::err:
    case spdlog::level::critical:
      return "\033[1;31m";
    default:
      return "\033[32m";
  }
}

/// Whether systemd reads this descriptor: then a line begins with its priority (sd-daemon(3)), and systemd adds the
/// time.
bool is_journal(int fd) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || ::fstat(fd, &status) != 0) return false;
  return stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

const char* weight_of(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug:
      return SD_DEBUG;
    case spdlog::level::warn:
      return SD_WARNING;
    case spdlog::level::err:
    case spdlog::level::critical:
      return SD_ERR;
    default:
      return SD_INFO;
  }
}

/// [log thread]
class NonBlockingSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit NonBlockingSink(int fd)
      : writer_(fd),
        coloured_(writer_.is_terminal() && spdlog::details::os::is_color_terminal()),
        journal_(is_journal(fd)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const std::string_view text(line.data(), line.size());
    if (journal_) {
      writer_.take(weight_of(message.level));
      writer_.take(std::string_view(message.payload.data(), message.payload.size()));
      writer_.take("\n");
    } else if (coloured_ && message.color_range_end > message.color_range_start) {
      const std::size_t from = message.color_range_start, to = message.color_range_end;
      writer_.take(text.substr(0, from));
      writer_.take(colour_of(message.level));
      writer_.take(text.substr(from, to - from));
      writer_.take("\033[0m");
      writer_.take(text.substr(to));
    } else {
      writer_.take(text);
    }
    while (!writer_.flush(patience())) {
      if (given_up()) writer_.drop();
    }
  }
  std::chrono::milliseconds patience() { return given_up() ? 0ms : 50ms; }
  bool given_up() {
    if (!ending().raised()) return false;
    if (!give_up_at_) give_up_at_ = Clock::now() + kPatienceAtEnd;
    return Clock::now() >= *give_up_at_;
  }
  void flush_() override {}

  NonBlockingWriter writer_;
  bool coloured_, journal_;
  std::optional<Clock::time_point> give_up_at_;
};

EventLevel event_level(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return EventLevel::error;
  return level == spdlog::level::warn ? EventLevel::warn : EventLevel::info;
}

/// [any thread] What is logged goes to the listener at once, and from there to the queue of the log thread.
class Splitter : public spdlog::sinks::base_sink<std::mutex> {
 public:
  Splitter(LogListener listener, std::shared_ptr<spdlog::logger> queue)
      : listener_(std::move(listener)), queue_(std::move(queue)) {}
  void forget_listener() {
    const std::lock_guard lock(mutex_);
    listener_ = {};
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view name(message.logger_name.data(), message.logger_name.size());
    if (listener_ && message.level >= spdlog::level::info) {
      try {
        listener_(event_kind_called(name).value_or(EventKind::desk), event_level(message.level),
                  {message.payload.data(), message.payload.size()});
      } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
        // Without memory the terminal is told all the same.
      }
    }
    queue_->log(message.time, message.source, message.level, message.payload);
  }
  void flush_() override {}

  LogListener listener_;
  std::shared_ptr<spdlog::logger> queue_;
};

struct Session {
  std::shared_ptr<spdlog::details::thread_pool> writer;
  // Kept for threads that log while the process ends.
  std::shared_ptr<Splitter> splitter;
  std::array<std::shared_ptr<spdlog::logger>, kEventKinds> loggers;
};
Session& session() {
  static Session one;
  return one;
}

}  // namespace

void set_up_log(bool quiet_terminal, int fd, LogListener listener) {
  std::vector<spdlog::sink_ptr> sinks{recent()};
  const bool meter_owns_terminal = quiet_terminal && ::isatty(STDOUT_FILENO) != 0 && ::isatty(fd) != 0;
  if (!meter_owns_terminal) sinks.push_back(std::make_shared<NonBlockingSink>(fd));
  Session& my = session();
  ending().lower();
  my.writer = std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  auto queue = std::make_shared<spdlog::async_logger>("fohd", sinks.begin(), sinks.end(), my.writer,
                                                      spdlog::async_overflow_policy::overrun_oldest);
  queue->set_pattern("%H:%M:%S.%e %^%l%$: %v");
  queue->set_level(spdlog::level::trace);               // the loggers filter
  queue->set_error_handler([](const std::string&) {});  // lines after finish_log() have no reader
  my.splitter = std::make_shared<Splitter>(std::move(listener), std::move(queue));
  const char* wish = std::getenv("FOHD_LOG");
  const bool debug = wish != nullptr && std::strcmp(wish, "debug") == 0;
  for (int kind = 0; kind < kEventKinds; ++kind) {
    auto logger = std::make_shared<spdlog::logger>(name_of(static_cast<EventKind>(kind)), my.splitter);
    logger->set_level(debug ? spdlog::level::debug : spdlog::level::info);
    logger->set_error_handler([](const std::string&) {});
    my.loggers[static_cast<std::size_t>(kind)] = std::move(logger);
  }
  spdlog::set_default_logger(my.loggers[static_cast<std::size_t>(EventKind::desk)]);
}

spdlog::logger& log_of(EventKind kind) noexcept {
  const auto& logger = session().loggers[static_cast<std::size_t>(kind)];
  return logger != nullptr ? *logger : *spdlog::default_logger_raw();  // a test or a program without a log of its own
}

void finish_log() {
  Session& my = session();
  if (!my.writer) return;
  my.splitter->forget_listener();
  ending().raise();
  my.writer.reset();  // writes what is queued and joins
}

std::vector<std::string> recent_log_lines() {
  std::vector<std::string> lines = recent()->last_formatted();
  for (std::string& line : lines) {
    while (!line.empty() && line.back() == '\n') line.pop_back();
  }
  return lines;
}

}  // namespace fohd
