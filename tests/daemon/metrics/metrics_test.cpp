// The metrics as Prometheus reads them: every line well-formed, by a parser that knows the format and not our code.
#include "daemon/metrics/metrics.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "daemon/blackbox/line_pages.h"

using namespace fohd;

namespace {

constexpr Geometry kSmall = {.inputs = 4, .aux = 0, .returns = 0, .buses = 2, .matrices = 0};

struct Sample {
  std::string name, labels;
  double value = 0;
};
struct Exposition {
  std::vector<std::string> errors;
  std::map<std::string, std::string> types;
  std::vector<Sample> samples;
  double value(const std::string& name, const std::string& labels = "") const {
    for (const Sample& sample : samples) {
      if (sample.name == name && sample.labels == labels) return sample.value;
    }
    return std::nan("");
  }
};

/// https://prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4.
Exposition parse(const std::string& text) {
  Exposition out;
  const std::regex help("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) [^\\\\]+"),
      type("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)"),
      sample("([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{([a-z]+=\"[^\"\\\\]*\")\\})? (NaN|[+-]?Inf|[-+0-9.e]+)");
  std::set<std::string> helped, done;
  std::string family;
  std::istringstream stream(text);
  if (text.empty() || text.back() != '\n') out.errors.emplace_back("the last line has no end");
  for (std::string line; std::getline(stream, line);) {
    std::smatch parts;
    if (std::regex_match(line, parts, help)) {
      if (!helped.insert(parts[1]).second) out.errors.push_back("HELP twice: " + line);
      family = parts[1];
    } else if (std::regex_match(line, parts, type)) {
      if (parts[1] != family) out.errors.push_back("TYPE without HELP: " + line);
      out.types[parts[1]] = parts[2];
    } else if (std::regex_match(line, parts, sample)) {
      const std::string name = parts[1];
      const bool histogram = out.types[family] == "histogram";
      const bool ours = histogram ? name == family + "_bucket" || name == family + "_sum" || name == family + "_count"
                                  : name == family;
      if (!ours) out.errors.push_back("not below its TYPE: " + line);
      if (!done.insert(line.substr(0, line.rfind(' '))).second) out.errors.push_back("twice: " + line);
      const std::string number = parts[4];
      char* end = nullptr;
      const double value = std::strtod(number.c_str(), &end);
      if (*end != '\0') out.errors.push_back("no number: " + line);
      out.samples.push_back({name, parts[3], value});
    } else {
      out.errors.push_back("not understood: " + line);
    }
  }
  return out;
}

struct Rig {
  DeskSettings settings{kSmall};
  DeskStatus status{kSmall};
  DeskFacts facts;
  AudioTally tally;
  MachineReading machine;
  std::string render() const {
    return render_metrics({settings, status, facts, tally.sums(), machine, 0.001, 12.5, 3});
  }
};

AudioCounters counters(std::uint64_t blocks, std::uint64_t slow) {
  AudioCounters counted;
  counted.callbacks = blocks;
  counted.frames = blocks * 64;
  counted.period_frames = 64;
  counted.load_histogram[1] = blocks - slow;
  counted.load_histogram[AudioCounters::kLoadBuckets - 1] = slow;
  counted.deadline_misses = slow;
  counted.block_ns_sum = (blocks - slow) * 100'000 + slow * 2'000'000;
  counted.block_ns_max = slow > 0 ? 2'000'000 : 100'000;
  return counted;
}

}  // namespace

TEST_CASE("metrics: every line is as Prometheus wants it, and names follow its rules", "[daemon][metrics]") {
  Rig rig;
  rig.machine = {true, 47.5F, true, 1, 33'000'000, 40'000'000};
  rig.facts.recorder_lost_blocks = 2;
  rig.facts.store_failing = false;
  rig.facts.doors = {{"fohd_knocks_total", "counter", "Knocks at a door.", 7},
                     {"fohd_guests", "gauge", "Behind it.", 2}};
  rig.tally.take(counters(1000, 5), 48000);
  const std::string text = rig.render();
  INFO(text);
  const Exposition read = parse(text);
  for (const std::string& error : read.errors) FAIL_CHECK(error);
  CHECK(read.types.size() == metric_rows().size() + rig.facts.doors.size());
  CHECK(read.value("fohd_knocks_total") == 7);
  CHECK(read.value("fohd_guests") == 2);
  std::set<std::string_view> names;
  for (const MetricRow& row : metric_rows()) {
    CAPTURE(row.name);
    CHECK(names.insert(row.name).second);
    CHECK(row.name.starts_with("fohd_"));
    CHECK(row.name.ends_with("_total") == (row.type == "counter"));
    CHECK(row.help.ends_with('.'));
  }
  CHECK(read.value("fohd_build_info", "version=\"" FOHD_VERSION "\"") == 1);
  CHECK(read.value("fohd_temperature_celsius") == 47.5);
  CHECK(read.value("fohd_power_low_voltage") == 1);
  CHECK(read.value("fohd_recorder_lost_blocks_total") == 2);
  CHECK(read.value("fohd_store_failing") == 0);
  CHECK(read.value("fohd_blackbox_lost_events_total") == 3);
  CHECK(read.value("fohd_memory_resident_bytes") == 33'000'000);
}

TEST_CASE("metrics: what this machine or this desk does not have is left out, not zero", "[daemon][metrics]") {
  const Exposition read = parse(Rig().render());
  CHECK(read.errors.empty());
  for (const char* name : {"fohd_temperature_celsius", "fohd_power_low_voltage", "fohd_recorder_lost_blocks_total",
                           "fohd_store_failing"}) {
    CAPTURE(name);
    CHECK(std::isnan(read.value(name)));
    CHECK(read.types.count(name) == 0);
  }
}

TEST_CASE("metrics: the histogram is cumulative and counts everything once", "[daemon][metrics]") {
  Rig rig;
  rig.tally.take(counters(1000, 5), 48000);
  const Exposition read = parse(rig.render());
  double below = 0, edge = 0;
  int buckets = 0;
  for (const Sample& sample : read.samples) {
    if (sample.name != "fohd_block_load_ratio_bucket") continue;
    const std::string end = sample.labels.substr(4, sample.labels.size() - 5);
    const double upper = std::strtod(end.c_str(), nullptr);
    CHECK(upper > edge);
    CHECK(sample.value >= below);
    edge = upper;
    below = sample.value;
    ++buckets;
  }
  CHECK(buckets == AudioCounters::kLoadBuckets);
  CHECK(std::isinf(edge));
  CHECK(below == 1000);
  CHECK(read.value("fohd_block_load_ratio_bucket", "le=\"0.05\"") == 0);
  CHECK(read.value("fohd_block_load_ratio_bucket", "le=\"0.1\"") == 995);
  CHECK(read.value("fohd_block_load_ratio_bucket", "le=\"1\"") == 995);
  CHECK(read.value("fohd_block_load_ratio_count") == 1000);
  // 995 blocks of 0.1 ms and 5 of 2 ms, in periods of 64 / 48000 s.
  CHECK(read.value("fohd_block_load_ratio_sum") == Approx((995 * 0.0001 + 5 * 0.002) * 48000 / 64));
  CHECK(read.value("fohd_block_seconds_total") == Approx(995 * 0.0001 + 5 * 0.002));
}

TEST_CASE("metrics: counters never go back, also when another core begins at zero", "[daemon][metrics]") {
  Rig rig;
  std::map<std::string, double> before;
  const auto check = [&] {
    const Exposition read = parse(rig.render());
    for (const Sample& sample : read.samples) {
      if (read.types.count(sample.name) == 0 || read.types.at(sample.name) != "counter") continue;
      CAPTURE(sample.name);
      CHECK(sample.value >= before[sample.name]);
      before[sample.name] = sample.value;
    }
  };
  rig.tally.take(counters(1000, 5), 48000);
  check();
  rig.tally.take(counters(1500, 5), 48000);
  check();
  rig.tally.new_core();
  rig.tally.take(counters(10, 1), 96000);
  check();
  CHECK(before["fohd_audio_frames_total"] == 1510 * 64);
  CHECK(before["fohd_deadline_misses_total"] == 6);
  rig.tally.take(counters(10, 1), 96000);  // the same again is nothing new
  check();
  CHECK(before["fohd_audio_frames_total"] == 1510 * 64);
}

TEST_CASE("audio tally: a window tells of its own time only", "[daemon][metrics]") {
  AudioTally tally;
  tally.take(counters(1000, 50), 48000);
  CHECK(tally.window(AudioTally::since_sample).p99_load() > 1);  // one in twenty took longer than its period
  CHECK(tally.window(AudioTally::since_sample).max_load == Approx(0.002 * 48000 / 64));
  tally.restart(AudioTally::since_sample);
  CHECK(tally.window(AudioTally::since_sample).sums.callbacks == 0);
  AudioCounters later = counters(1000, 50);
  later.callbacks += 100;
  later.load_histogram[6] += 99;
  later.load_histogram[19] += 1;
  later.block_ns_max = 400'000;
  tally.take(later, 48000);
  const AudioWindow window = tally.window(AudioTally::since_sample);
  CHECK(window.sums.callbacks == 100);
  CHECK(window.p99_load() == Approx(0.35));
  CHECK(window.max_ns == 400'000);
  CHECK(tally.window(AudioTally::since_xrun).max_ns == 2'000'000);
  CHECK(tally.window(AudioTally::since_xrun).sums.callbacks == 1100);
}

TEST_CASE("pages of a text: together they are the text", "[daemon][metrics]") {
  std::string text;
  for (int i = 0; i < 437; ++i) text += "line " + std::to_string(i) + "\n";
  std::string again;
  std::int32_t first = 0;
  for (BlackBox::Page page = page_of(text, 0, 200);; page = page_of(text, first, 200)) {
    CHECK(page.end == 437);
    CHECK(page.first == first);
    if (page.lines.empty()) break;
    for (const std::string& line : page.lines) again += line + "\n";
    first += static_cast<std::int32_t>(page.lines.size());
  }
  CHECK(again == text);
  CHECK(page_of(text, -5, 1).lines == std::vector<std::string>{"line 0"});
  CHECK(page_of(text, INT32_MAX, INT32_MAX).lines.empty());
  CHECK(page_of("", 0, 10).lines.empty());
}
