#include "daemon/metrics/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace fohd {

/// The lines of one metric.
class MetricSamples {
 public:
  MetricSamples(std::string& text, std::string_view name) : text_(text), name_(name) {}

  void add(double value) { add("", "", value); }
  void add(std::uint64_t value) { line("", "", fmt::format("{}", value)); }
  void add(bool value) { line("", "", value ? "1" : "0"); }
  void add(std::string_view suffix, std::string_view labels, double value) {
    line(suffix, labels, std::isfinite(value) ? fmt::format("{}", value) : "NaN");
  }
  void add(std::string_view suffix, std::string_view labels, std::uint64_t value) {
    line(suffix, labels, fmt::format("{}", value));
  }

 private:
  void line(std::string_view suffix, std::string_view labels, const std::string& value) {
    text_.append(name_).append(suffix);
    if (!labels.empty()) text_.append("{").append(labels).append("}");
    text_.append(" ").append(value).append("\n");
  }

  std::string& text_;
  std::string_view name_;
};

namespace {

using V = const MetricsView&;
using S = MetricSamples&;

std::uint64_t safety_mutes(const DeskStatus& status) {
  std::uint64_t count = 0;
  for (std::size_t k = 0; k < kOwnerRows.size(); ++k) {
    for (int n = 0; n < kOwnerRows[k].count(status.geometry); ++n) {
      count += safety_muted(status, {static_cast<OwnerKind>(k), n}) ? 1 : 0;
    }
  }
  return count;
}

/// A block that took exactly a bucket's upper end is counted in the next one; a nanosecond makes no difference.
void write_block_histogram(V v, S samples) {
  constexpr int kBuckets = AudioCounters::kLoadBuckets - 1;  // the last has no upper end
  std::uint64_t below = 0;
  for (int bucket = 0; bucket < kBuckets; ++bucket) {
    below += v.audio.histogram[static_cast<std::size_t>(bucket)];
    samples.add("_bucket", fmt::format("le=\"{}\"", static_cast<double>(bucket + 1) / kBuckets), below);
  }
  samples.add("_bucket", "le=\"+Inf\"", v.audio.callbacks);
  samples.add("_sum", "", v.audio.loads);
  samples.add("_count", "", v.audio.callbacks);
}

std::string header(std::string_view name, std::string_view help, std::string_view type) {
  return fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

constexpr std::string_view kGauge = "gauge", kCounter = "counter";

constexpr std::array kRows = {
    MetricRow{"fohd_build_info", kGauge, "The program; always 1.",
              [](V, S s) { s.add("", "version=\"" FOHD_VERSION "\"", std::uint64_t{1}); }},
    MetricRow{"fohd_uptime_seconds", kGauge, "Since the process started.", [](V v, S s) { s.add(v.uptime_s); }},

    MetricRow{"fohd_jack_connected", kGauge, "1: a JACK server runs this desk.",
              [](V v, S s) { s.add(v.status.jack_connected); }},
    MetricRow{"fohd_jack_sample_rate_hertz", kGauge, "0 without a server.",
              [](V v, S s) { s.add(static_cast<double>(v.status.rate_hz)); }},
    MetricRow{"fohd_jack_period_frames", kGauge, "Frames in one JACK period; 0 without a server.",
              [](V v, S s) { s.add(static_cast<double>(v.status.period_frames)); }},
    MetricRow{"fohd_jack_load_ratio", kGauge, "Of one period, all clients together, as JACK measures it.",
              [](V v, S s) { s.add(static_cast<double>(v.status.load_percent) / 100); }},
    MetricRow{"fohd_jack_xruns_total", kCounter, "Xruns that JACK reported.",
              [](V v, S s) { s.add(static_cast<std::uint64_t>(v.facts.jack.xruns)); }},
    MetricRow{"fohd_deadline_misses_total", kCounter, "Blocks that ended later than a period after their cycle began.",
              [](V v, S s) { s.add(v.audio.deadline_misses); }},
    MetricRow{"fohd_audio_frames_total", kCounter, "Frames that the engine has mixed.",
              [](V v, S s) { s.add(v.audio.frames); }},
    MetricRow{"fohd_block_seconds_total", kCounter, "Time that the audio callback has taken.",
              [](V v, S s) { s.add(static_cast<double>(v.audio.block_ns) / 1e9); }},
    MetricRow{"fohd_block_max_seconds", kGauge, "The longest audio callback of the last 10 to 20 s.",
              [](V v, S s) { s.add(v.block_max_s); }},
    MetricRow{"fohd_block_load_ratio", "histogram", "Time of an audio callback as a share of its period.",
              write_block_histogram},

    MetricRow{"fohd_shed_level", kGauge, "What is given up because of the load, /audio/shed; 0: nothing.",
              [](V v, S s) { s.add(static_cast<std::uint64_t>(v.status.load_reduction)); }},

    MetricRow{"fohd_outputs_held", kGauge, "1: the outputs wait for /start/release.",
              [](V v, S s) { s.add(v.status.held); }},
    MetricRow{"fohd_panic", kGauge, "1: panic has shut the outputs.", [](V v, S s) { s.add(v.settings.global.panic); }},
    MetricRow{"fohd_safety_mutes", kGauge, "Strips that are muted because broken sound came out of them.",
              [](V v, S s) { s.add(safety_mutes(v.status)); }},

    MetricRow{"fohd_logins_total", kCounter, "Logins with a key.", [](V v, S s) { s.add(v.facts.logins.logins); }},
    MetricRow{"fohd_wrong_keys_total", kCounter, "Logins without a right one, or with one too many in a minute.",
              [](V v, S s) { s.add(v.facts.logins.wrong_keys); }},

    MetricRow{"fohd_memory_resident_bytes", kGauge, "Memory of the process.",
              [](V v, S s) { s.add(static_cast<std::uint64_t>(v.machine.resident_bytes)); }},
    MetricRow{"fohd_memory_locked_bytes", kGauge, "Addresses whose memory stays in RAM once it is touched.",
              [](V v, S s) { s.add(static_cast<std::uint64_t>(v.machine.locked_bytes)); }},
    MetricRow{"fohd_temperature_celsius", kGauge, "The hottest_zone zone of the machine.",
              [](V v, S s) {
                if (v.machine.warmth_known) s.add(static_cast<double>(v.machine.warmest_c));
              }},
    MetricRow{"fohd_power_low_voltage", kGauge, "1: the Raspberry Pi's supply is too weak.",
              [](V v, S s) {
                if (v.machine.power_known) s.add((v.machine.power_bits & machine::kLowVoltage) != 0);
              }},
    MetricRow{"fohd_store_failing", kGauge, "1: the mix cannot be written to the disk.",
              [](V v, S s) {
                if (v.facts.store_failing) s.add(*v.facts.store_failing);
              }},
    MetricRow{"fohd_recorder_lost_blocks_total", kCounter, "Blocks that are silent in the recording.",
              [](V v, S s) {
                if (v.facts.recorder_lost_blocks) s.add(std::uint64_t{*v.facts.recorder_lost_blocks});
              }},
    MetricRow{"fohd_blackbox_lost_events_total", kCounter, "Events that the disk did not take in time.",
              [](V v, S s) { s.add(v.lost_events); }},
};

}  // namespace

std::span<const MetricRow> metric_rows() noexcept { return kRows; }

std::string render_metrics(const MetricsView& view) {
  std::string text, lines;
  for (const MetricRow& row : kRows) {
    lines.clear();
    MetricSamples samples(lines, row.name);
    row.write(view, samples);
    if (lines.empty()) continue;
    text += header(row.name, row.help, row.type) + lines;
  }
  for (const DoorMetric& metric : view.facts.doors) {
    lines.clear();
    MetricSamples(lines, metric.name).add(metric.value);
    text += header(metric.name, metric.help, metric.type) + lines;
  }
  return text;
}

}  // namespace fohd
