#include "daemon/desk/desk_watch.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/base/words.h"
#include "daemon/blackbox/line_pages.h"
#include "daemon/machine/sensors.h"
#include "daemon/metrics/metrics.h"

namespace fohd {
namespace {

constexpr std::int64_t kSampleMs = 10'000, kMachineMs = 60'000;
/// A machine that is too slow has hundreds a second; a line every 10 s says as much.
constexpr std::int64_t kXrunLineMs = 10'000;
constexpr float kTooWarm_c = 80;  // where a Raspberry Pi begins to slow down
constexpr std::size_t kListed = 5;

std::string listed(const std::vector<std::string>& clients) {
  std::string text;
  for (std::size_t i = 0; i < std::min(clients.size(), kListed); ++i) text += (i == 0 ? "" : ", ") + clients[i];
  return clients.size() > kListed ? text + " and " + std::to_string(clients.size() - kListed) + " more" : text;
}

/// "at most 0.41 ms of 1.33 (31 %)"
std::string block_text(const AudioWindow& window) {
  return fmt::format("at most {:.2f} ms of {:.2f} ({:.0f} %)", window.max_ns / 1e6, window.period_s * 1e3,
                     window.max_load * 100);
}

}  // namespace

DeskWatch::DeskWatch(Context context)
    : context_(std::move(context)),
      started_ms_(now_ms()),
      next_sample_ms_(started_ms_ + kSampleMs),
      next_machine_ms_(started_ms_) {}

void DeskWatch::configure(const MetricsConfig& config) {
  if (http_ && config == config_) return;
  config_ = config;
  http_.reset();
  if (config_.http_port == 0) return;
  http_ = std::make_unique<HttpServer>(
      context_.io, config_.http_port, [this] { return metrics(); },
      [port = config_.http_port](const std::string& error) {
        if (error.empty()) {
          spdlog::info("Metrics are at http://127.0.0.1:{}/metrics", port);
        } else {
          spdlog::warn("No metrics over HTTP: {}. It is tried again every second", error);
        }
      });
}

void DeskWatch::every_second(std::int64_t now_ms) {
  const DeskFacts facts = context_.facts();
  watch_xruns(facts, now_ms);
  watch_clients(facts);
  sample_load(now_ms);
  sample_machine(now_ms);
}

/// One sentence for the log and the box: what JACK reports, and our block times meanwhile.
void DeskWatch::watch_xruns(const DeskFacts& facts, std::int64_t now_ms) {
  const std::uint32_t xruns = facts.jack.xruns;
  if (xruns == xruns_told_) return tally_.restart(AudioTally::since_xrun);
  if (now_ms < next_xrun_line_ms_) return;
  const AudioWindow window = tally_.window(AudioTally::since_xrun);
  std::string text =
      fmt::format("JACK: {} more {} ({} since the start); our block took {}, {} deadline misses", xruns - xruns_told_,
                  xruns - xruns_told_ == 1 ? "xrun" : "xruns", xruns, block_text(window), window.sums.deadline_misses);
  text += fmt::format("; JACK's load {:.0f} %", facts.jack.load_percent);
  if (facts.jack.xrun_delay_us > 0)
    text += fmt::format(", {:.2f} ms late", static_cast<double>(facts.jack.xrun_delay_us) / 1e3);
  log_of(EventKind::xrun).warn("{}", text);
  xruns_told_ = xruns;
  next_xrun_line_ms_ = now_ms + kXrunLineMs;
  tally_.restart(AudioTally::since_xrun);
}

void DeskWatch::watch_clients(const DeskFacts& facts) {
  const std::set<std::string> now(facts.subscribers.begin(), facts.subscribers.end());
  if (now == clients_) return;
  std::vector<std::string> came, left;
  std::set_difference(now.begin(), now.end(), clients_.begin(), clients_.end(), std::back_inserter(came));
  std::set_difference(clients_.begin(), clients_.end(), now.begin(), now.end(), std::back_inserter(left));
  std::string text;
  if (!came.empty()) text += listed(came) + " subscribed; ";
  if (!left.empty()) text += listed(left) + " left; ";
  context_.box.note(EventKind::osc, EventLevel::info, text + std::to_string(now.size()) + " subscribers");
  clients_ = now;
}

void DeskWatch::sample_load(std::int64_t now_ms) {
  if (now_ms < next_sample_ms_) return;
  next_sample_ms_ = now_ms + kSampleMs;
  const AudioWindow window = tally_.window(AudioTally::since_sample);
  earlier_max_ns_ = window.max_ns;
  tally_.restart(AudioTally::since_sample);
  if (window.sums.callbacks == 0) return;  // no audio: the lines of `jack` say so
  context_.box.note(
      EventKind::load, EventLevel::info,
      fmt::format("JACK {:.0f} %; our block {}, 99 of 100 {} {:.0f} %; {} deadline misses in {} blocks",
                  context_.status.load_percent, block_text(window), window.p99_load() > 1 ? "not within" : "within",
                  std::min(window.p99_load(), 1.0) * 100, window.sums.deadline_misses, window.sums.callbacks));
}

void DeskWatch::sample_machine(std::int64_t now_ms) {
  const MachineReading& reading = context_.box.machine();
  constexpr std::uint32_t kNow = 0xffff;  // above: what has been
  const std::uint32_t bits = reading.power_bits & kNow;
  if (bits != power_bits_) {
    const std::string words = enumerate(machine::power_words(bits, 0));
    bits == 0 ? log_of(EventKind::machine).info("Power: all is well again")
              : log_of(EventKind::machine).warn("Power: {}", words);
    power_bits_ = bits;
  }
  if (now_ms < next_machine_ms_ || reading.resident_bytes == 0) return;
  next_machine_ms_ = now_ms + kMachineMs;
  std::string text =
      fmt::format("memory {:.1f} MB; {:.1f} MB of addresses locked", static_cast<double>(reading.resident_bytes) / 1e6,
                  static_cast<double>(reading.locked_bytes) / 1e6);
  if (reading.warmth_known) text = fmt::format("{:.0f} degrees C at most; ", reading.warmest_c) + text;
  const bool hot = reading.warmth_known && reading.warmest_c >= kTooWarm_c;
  context_.box.note(EventKind::machine, hot ? EventLevel::warn : EventLevel::info, text);
}

void DeskWatch::register_commands(CommandHandlers& commands) {
  commands.add({Command::log, Command::metrics},
               [this](const CommandCall& call, const Origin& origin, std::span<const Value> arguments, std::string&) {
                 return execute(call, origin, arguments);
               });
}

bool DeskWatch::execute(const CommandCall& call, const Origin& origin, std::span<const Value> arguments) {
  const std::int32_t first = std::get<std::int32_t>(arguments[0]);
  const std::int32_t count = std::clamp(std::get<std::int32_t>(arguments[1]), 0, kMostLinesAPage);
  const std::string address = address_of(call);
  const auto tell = [&](std::span<const Value> values) { return context_.answers.tell(origin, address, values); };
  call.command == Command::log ? tell_page(context_.box.page(first, count), tell)
                               : tell_page(page_of(metrics(), first, count), tell);
  return true;
}

std::string DeskWatch::metrics() {
  const DeskFacts facts = context_.facts();
  const std::uint32_t max_ns = std::max(earlier_max_ns_, tally_.window(AudioTally::since_sample).max_ns);
  return render_metrics({context_.desk.settings(), context_.status, facts, tally_.sums(), context_.box.machine(),
                         max_ns / 1e9, static_cast<double>(now_ms() - started_ms_) / 1e3, context_.box.lost()});
}

}  // namespace fohd
