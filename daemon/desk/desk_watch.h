// Lines for the black box that no other part logs: samples of the load, the block times around an xrun, subscribers,
// temperature. The same figures are the metrics. Both are sent to `fohctl log` and `fohctl metrics` in pages, the
// metrics to Prometheus over HTTP.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "control/commands/answers.h"
#include "control/commands/command_handlers.h"
#include "control/readouts/readouts.h"
#include "daemon/blackbox/black_box.h"
#include "daemon/config/config.h"
#include "daemon/metrics/audio_tally.h"
#include "daemon/metrics/desk_facts.h"
#include "daemon/metrics/http_server.h"

namespace fohd {

/// [control] all of it.
class DeskWatch {
 public:
  struct Context {
    boost::asio::io_context& io;
    const Desk& desk;
    const DeskStatus& status;
    BlackBox& box;
    std::function<DeskFacts()> facts;
    Answers& answers;
  };

  explicit DeskWatch(Context context);
  DeskWatch(const DeskWatch&) = delete;
  DeskWatch& operator=(const DeskWatch&) = delete;

  /// Opens the HTTP port, or closes it, or another one.
  void configure(const MetricsConfig& config);
  /// Counters of the core that were just read.
  void audio(const AudioCounters& counters, double rate_hz) noexcept { tally_.take(counters, rate_hz); }
  /// Another core comes, or none.
  void new_core() noexcept { tally_.new_core(); }
  void every_second(std::int64_t now_ms);
  /// Carries out what stands below its address, from now on.
  void register_commands(CommandHandlers& commands);
  /// As Prometheus reads it.
  std::string metrics();
  /// No HTTP any more.
  void stop() { http_.reset(); }

 private:
  /// /log and /metrics.
  bool execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments);
  void watch_xruns(const DeskFacts& facts, std::int64_t now_ms);
  void watch_clients(const DeskFacts& facts);
  void sample_load(std::int64_t now_ms);
  void sample_machine(std::int64_t now_ms);

  Context context_;
  MetricsConfig config_;
  std::unique_ptr<HttpServer> http_;
  AudioTally tally_;
  std::int64_t started_ms_, next_sample_ms_, next_machine_ms_, next_xrun_line_ms_ = 0;
  std::uint32_t xruns_told_ = 0;
  std::uint32_t earlier_max_ns_ = 0;  ///< of the sample before
  std::set<std::string> clients_;
  std::uint32_t power_bits_ = 0;
};

}  // namespace fohd
