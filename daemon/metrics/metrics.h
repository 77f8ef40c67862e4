// The metrics of the desk in Prometheus' text format 0.0.4: one table of rows, one function that renders all of it.
// Names follow its rules: fohd_, base units (seconds, bytes, ratios from 0 to 1), _total on what only grows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "control/parameters/settings.h"
#include "control/readouts/readouts.h"
#include "daemon/machine/machine_reading.h"
#include "daemon/metrics/audio_tally.h"
#include "daemon/metrics/desk_facts.h"

namespace fohd {

/// All that a row may read.
struct MetricsView {
  const DeskSettings& settings;
  const DeskStatus& status;
  const DeskFacts& facts;
  const AudioSums& audio;
  const MachineReading& machine;
  double block_max_s = 0;  ///< of the last 10 to 20 s
  double uptime_s = 0;
  std::uint64_t lost_events = 0;  ///< of the black box
};

class MetricSamples;
struct MetricRow {
  std::string_view name, type, help;
  /// Nothing written: the metric is left out, e.g. the temperature of a machine without a sensor.
  void (*write)(const MetricsView&, MetricSamples&) = nullptr;
};

/// [any] Those of the desk; doors have more of their own (Door::add_metrics).
std::span<const MetricRow> metric_rows() noexcept;
/// [control] Lines, each with its end.
std::string render_metrics(const MetricsView& view);

}  // namespace fohd
